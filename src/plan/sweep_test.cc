#include "plan/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/arithmetic.h"
#include "plan/parts.h"
#include "plan/sample_axes.h"

namespace lanewise::plan {
namespace {

using namespace graph;

constexpr DType kType = DType::float32;

struct Planned {
  PlanPtr plan;
  Sweep sweep;
  int stages_with_tiles() const {
    int count = 0;
    for (const Stage& stage : sweep.stages) count += !stage.steps.empty();
    return count;
  }
  // Roles of the steps with this operation.
  std::vector<Role> roles(Op op) const {
    std::vector<Role> found;
    for (std::size_t i = 0; i < plan->steps.size(); ++i)
      if (plan->steps[i].op == op) found.push_back(sweep.role[i]);
    return found;
  }
};

template <class F>
Planned sweep_of(F program) {
  PlanPtr plan = make_plan(program(kTraceRows[0]), program(kTraceRows[1]));
  Sweep sweep = make_sweep(*plan);
  return {std::move(plan), std::move(sweep)};
}

NodePtr sum_over(const NodePtr& x, int axis) { return reduce(Op::sum, x, axis, true); }

// x - mean(x) for each feature, squared and summed.
Program centred(int64_t m, bool rows) {
  const NodePtr x = input(kType, rows ? Shape{m, 5} : Shape{5, m});
  const int axis = rows ? 0 : 1;
  const NodePtr mean = binary(Op::divide, sum_over(x, axis), count(x, axis, kType));
  const NodePtr c = sub(x, mean);
  return {{x}, {sum_over(mul(c, c), axis)}};
}

TEST(Sweep, ATrainingStepIsOneStage) {
  const Planned p = sweep_of([](int64_t m) {
    const NodePtr x = input(kType, {m, 5}), w = input(kType, {5, 4});
    const NodePtr a = unary(Op::tanh, matmul(x, w));
    const NodePtr dw = matmul(transpose(x, {1, 0}), mul(a, a));
    return Program{{x, w}, {sub(w, dw), reduce(Op::sum, a, {}, false)}};
  });
  EXPECT_EQ(p.stages_with_tiles(), 1);
  EXPECT_THAT(p.roles(Op::matmul), testing::ElementsAre(Role::swept, Role::folded));
  // Over features, then over samples.
  EXPECT_THAT(p.roles(Op::sum), testing::ElementsAre(Role::swept, Role::folded));
  EXPECT_THAT(p.roles(Op::subtract), testing::ElementsAre(Role::whole));
}

// The step of each operation in the order that the only stage runs them in.
std::vector<Op> order(const Planned& p) {
  std::vector<Op> found;
  for (const Stage& stage : p.sweep.stages)
    for (int i : stage.steps) found.push_back(p.plan->steps[i].op);
  return found;
}

TEST(Sweep, ElementsAreComparedBesideTheirReader) {
  const Planned p = sweep_of([](int64_t m) {
    const NodePtr x = input(kType, {m, 5}), w = input(kType, {5, 5});
    const NodePtr y = unary(Op::tanh, x);
    const NodePtr positive = binary(Op::less, scalar_like(y, 0), y);
    const NodePtr g = matmul(y, w);
    return Program{{x, w}, {where(positive, g, y)}};
  });
  EXPECT_THAT(order(p), testing::ElementsAre(Op::tanh, Op::matmul, Op::less, Op::where));
}

TEST(Sweep, WhatOnlyOneStepReadsIsNotHeldForIt) {
  const Planned p = sweep_of([](int64_t m) {
    const NodePtr x = input(kType, {m, 5}), w = input(kType, {5, 5});
    const NodePtr y = unary(Op::tanh, matmul(x, w));
    return Program{{x, w}, {binary(Op::add, y, matmul(x, transpose(w, {1, 0})))}};
  });
  EXPECT_THAT(order(p), testing::ElementsAre(Op::matmul, Op::tanh, Op::matmul, Op::add));
}

TEST(Sweep, SamplesAreFoldedAsSoonAsTheyAreThere) {
  const Planned p = sweep_of([](int64_t m) {
    const NodePtr x = input(kType, {m, 5}), w = input(kType, {5, 5});
    const NodePtr y = matmul(x, w), z = matmul(y, w);
    return Program{{x, w}, {reduce(Op::sum, z, 0, true), matmul(transpose(y, {1, 0}), x)}};
  });
  EXPECT_THAT(order(p),
              testing::ElementsAre(Op::matmul, Op::transpose, Op::matmul, Op::matmul, Op::sum));
}

// A view that comes to the front moves what it passes, which may be the other operand.
TEST(Sweep, SamplesAreFoldedBehindBothOperands) {
  const Planned p = sweep_of([](int64_t m) {
    const NodePtr x = input(kType, {5, m}), w = input(kType, {5, 5});
    const NodePtr y = matmul(w, x);
    return Program{{x, w}, {matmul(y, transpose(x, {1, 0}))}};
  });
  const auto& steps = p.sweep.stages.at(0).steps;
  EXPECT_THAT(order(p), testing::ElementsAre(Op::transpose, Op::matmul, Op::matmul));
  EXPECT_LT(steps.at(1), steps.at(2));  // the product that is summed is computed before
}

TEST(Sweep, AReductionThatIsUsedAgainBeginsAStage) {
  for (bool rows : {true, false}) {
    const Planned p = sweep_of([=](int64_t m) { return centred(m, rows); });
    EXPECT_EQ(p.stages_with_tiles(), 2);
    EXPECT_THAT(p.roles(Op::sum), testing::ElementsAre(Role::folded, Role::folded));
  }
}

TEST(Sweep, AStandardisationReadsTheSamplesTwice) {
  const Planned p = sweep_of([](int64_t m) {
    const NodePtr x = input(kType, {m, 5}), n = count(x, 0, kType);
    const NodePtr mean = binary(Op::divide, sum_over(x, 0), n);
    const NodePtr variance = binary(Op::divide, reduce(Op::squared_deviations, x, 0, true), n);
    return Program{{x}, {binary(Op::divide, sub(x, mean), unary(Op::sqrt, variance))}};
  });
  EXPECT_THAT(p.roles(Op::squared_deviations), testing::ElementsAre(Role::folded));
  EXPECT_EQ(p.stages_with_tiles(), 2);
}

TEST(Sweep, WhatIsCheapIsComputedAgainAndWhatIsDearIsKept) {
  auto scaled = [](int64_t width) {
    return [=](int64_t m) {
      const NodePtr x = input(kType, {m, width}), w = input(kType, {width, 8});
      const NodePtr z = matmul(x, w);
      return Program{{x, w}, {sum_over(binary(Op::divide, z, sum_over(z, 0)), 0)}};
    };
  };
  auto kept = [](const Planned& p) {
    return std::count(p.sweep.kept.begin(), p.sweep.kept.end(), true);
  };
  EXPECT_EQ(kept(sweep_of(scaled(2))), 0);
  EXPECT_EQ(kept(sweep_of(scaled(4000))), 1);
}

TEST(Sweep, OutputsAreKept) {
  const Planned p = sweep_of([](int64_t m) {
    const NodePtr x = input(kType, {m, 5});
    const NodePtr y = unary(Op::tanh, unary(Op::exp, x));
    return Program{{x}, {transpose(y, {1, 0})}};
  });
  ASSERT_TRUE(p.sweep.worthwhile);
  EXPECT_TRUE(p.sweep.kept[p.plan->outputs[0]]);
}

TEST(Sweep, SamplesThatMeetThemselvesRunWhole) {
  const Planned p = sweep_of([](int64_t m) {
    const NodePtr x = unary(Op::tanh, unary(Op::exp, input(kType, {m, 5})));
    const NodePtr leaf = x->inputs[0]->inputs[0];
    return Program{{leaf}, {matmul(x, transpose(x, {1, 0}))}};
  });
  EXPECT_THAT(p.roles(Op::matmul), testing::ElementsAre(Role::whole));
  EXPECT_EQ(p.sweep.axis[p.plan->outputs[0]], kSeveralAxes);
}

TEST(Sweep, SamplesInAnotherOrderRunWhole) {
  const Planned p = sweep_of([](int64_t m) {
    const NodePtr x = input(kType, {m, 5});
    const NodePtr y = unary(Op::tanh, unary(Op::exp, x));
    return Program{{x}, {mul(y, slice(y, {m - 1, 0}, {m, 5}, {-1, 1}))}};
  });
  EXPECT_THAT(p.roles(Op::slice), testing::ElementsAre(Role::whole));
  EXPECT_EQ(p.stages_with_tiles(), 2);  // the second multiplies y, which is kept, with its reverse
}

// A small program for each reason why a tile is not enough, and the operation that has it.
struct WholeCase {
  std::string_view why;
  Op op;
  Program (*program)(int64_t m);
};

Program of_one(const NodePtr& x, const NodePtr& result) { return {{x}, {result}}; }

const WholeCase kWholeCases[] = {
    {"the samples are cut, joined or permuted", Op::concatenate,
     [](int64_t m) {
       const NodePtr x = input(kType, {m, 5});
       return of_one(x, concatenate({x, x}, 0));
     }},
    {"another extent counts the samples", Op::tanh,
     [](int64_t m) {
       const NodePtr x = input(kType, {m, 5});
       return of_one(x, unary(Op::tanh, concatenate({x, x}, 0)));
     }},
    {"samples meet other samples", Op::matmul,
     [](int64_t m) {
       const NodePtr x = input(kType, {m, 5});
       return of_one(x, matmul(x, transpose(x, {1, 0})));
     }},
    {"two axes of an operand are the samples", Op::tanh,
     [](int64_t m) {
       const NodePtr x = input(kType, {m, 5});
       return of_one(x, unary(Op::tanh, matmul(x, transpose(x, {1, 0}))));
     }},
    {"the matrix is too large to meet each tile", Op::matmul,
     [](int64_t m) {
       const NodePtr x = input(kType, {m, 1000}), w = input(kType, {1000, 1000});
       return Program{{x, w}, {matmul(x, w)}};
     }},
    {"only matrices of floats are contracted tile by tile", Op::matmul,
     [](int64_t m) {
       const NodePtr x = input(DType::int32, {m, 5});
       return of_one(x, matmul(transpose(x, {1, 0}), x));
     }},
    {"it reduces other axes together with the samples", Op::squared_deviations,
     [](int64_t m) {
       const NodePtr x = input(kType, {m, 5});
       return of_one(x, reduce(Op::squared_deviations, x, {}, false));
     }},
};

TEST(Sweep, AWholeStepHasItsReason) {
  for (const WholeCase& c : kWholeCases) {
    const Planned p = sweep_of(c.program);
    for (std::size_t i = 0; i < p.plan->steps.size(); ++i) {
      if (p.plan->steps[i].op != c.op) continue;
      EXPECT_EQ(p.sweep.why_whole[i], c.why);
    }
    EXPECT_THAT(p.roles(c.op), testing::ElementsAre(Role::whole)) << c.why;
  }
}

TEST(Sweep, OneSampleMeetsLargeConstants) {
  const Tensor w = Tensor::empty(kType, {1000, 1000});
  const auto program = [&](bool captured) {
    return [&, captured](int64_t m) {
      const NodePtr x = input(kType, {m, 1000}), given = input(kType, {1000, 1000});
      return Program{{x, given}, {unary(Op::tanh, matmul(x, captured ? constant(w) : given))}};
    };
  };
  for (bool captured : {false, true}) {
    const Planned p = sweep_of(program(captured));
    EXPECT_THAT(p.roles(Op::matmul), testing::ElementsAre(Role::whole));
    const Sweep of_one = make_sweep(*p.plan, Keeping::what_pays, Batch::one);
    for (std::size_t i = 0; i < p.plan->steps.size(); ++i) {
      if (p.plan->steps[i].op != Op::matmul) continue;
      EXPECT_EQ(of_one.role[i], captured ? Role::swept : Role::whole);
    }
  }
}

TEST(Sweep, NumbersOfSamplesAreMadeTileByTile) {
  const Planned p = sweep_of([](int64_t m) {
    const NodePtr x = input(kType, {m});
    return of_one(x, binary(Op::add, x, iota(0, 1, m, kType)));
  });
  EXPECT_THAT(p.roles(Op::iota), testing::ElementsAre(Role::swept));
}

TEST(Sweep, EveryReductionOverTheSamplesAloneIsFolded) {
  for (Op op :
       {Op::sum, Op::prod, Op::max, Op::min, Op::argmax, Op::argmin, Op::squared_deviations})
    for (int axis : {0, 1}) {
      const Planned p = sweep_of([=](int64_t m) {
        const NodePtr x = input(kType, axis == 0 ? Shape{m, 5} : Shape{5, m});
        return of_one(x, reduce(op, unary(Op::tanh, x), axis, false));
      });
      EXPECT_THAT(p.roles(op), testing::ElementsAre(Role::folded)) << name(op);
    }
}

TEST(Sweep, TheKBestAreFoldedOverTheSamplesAndSweptOverOtherAxes) {
  for (Op op : {Op::top_k, Op::bottom_k, Op::arg_top_k, Op::arg_bottom_k})
    for (int axis : {0, 1}) {
      const auto roles = [&](int along) {
        return sweep_of([=](int64_t m) {
                 const NodePtr x = input(kType, axis == 0 ? Shape{m, 5} : Shape{5, m});
                 return of_one(x, best(op, unary(Op::tanh, x), 3, along));
               })
            .roles(op);
      };
      EXPECT_THAT(roles(axis), testing::ElementsAre(Role::folded)) << name(op);
      EXPECT_THAT(roles(1 - axis), testing::ElementsAre(Role::swept)) << name(op);
    }
}

TEST(Sweep, AnIndexForEachElementStaysInItsTile) {
  const Planned p = sweep_of([](int64_t m) {
    const NodePtr x = input(kType, {m, 5});
    const NodePtr y = unary(Op::tanh, x);
    return of_one(x, take_along_axis(y, best(Op::arg_top_k, y, 3, 1), 1));
  });
  EXPECT_THAT(p.roles(Op::take_along_axis), testing::ElementsAre(Role::swept));
}

TEST(Sweep, OneOperationIsLeftToItsKernel) {
  EXPECT_FALSE(sweep_of([](int64_t m) {
                 const NodePtr x = input(kType, {m, 5});
                 return Program{{x}, {unary(Op::tanh, x)}};
               }).sweep.worthwhile);
}

TEST(Sweep, WithoutAnMTheLongestClassIsSwept) {
  const NodePtr x = input(kType, {300, 9000}), w = input(kType, {300, 4});
  const PlanPtr plan = make_plan({{x, w}, {unary(Op::tanh, matmul(transpose(x, {1, 0}), w))}});
  const Sweep sweep = make_sweep(*plan);
  EXPECT_TRUE(sweep.worthwhile);
  EXPECT_EQ(sweep.axis[0], 1);
  EXPECT_EQ(sweep.axis[1], kNoAxis);
  const NodePtr few = input(kType, {300, 900});
  EXPECT_FALSE(make_sweep(*make_plan({{few}, {unary(Op::tanh, unary(Op::exp, few))}})).worthwhile);
}

// A step of networks that read one batch and weigh it alike.
Program networks(int64_t m, int count) {
  const NodePtr x = input(kType, {m, 5}), v = input(kType, {m, 1}), weight = unary(Op::sqrt, v);
  Program program{{x, v}, {}};
  for (int k = 0; k < count; ++k) {
    const NodePtr w = input(kType, {5, 4});
    const NodePtr a = mul(unary(Op::tanh, matmul(x, w)), weight);
    program.inputs.push_back(w);
    program.outputs.push_back(matmul(transpose(x, {1, 0}), mul(a, a)));
    program.outputs.push_back(sum_over(a, 0));
  }
  program.outputs.push_back(sum_over(weight, 0));
  return program;
}

TEST(Parts, NetworksThatReadOneBatchAreParts) {
  const Planned p = sweep_of([](int64_t m) { return networks(m, 3); });
  const std::vector<Stage> parts = parts_of(*p.plan, p.sweep, 0);
  ASSERT_EQ(parts.size(), 3u);
  std::vector<int> owners(p.plan->steps.size());
  for (const Stage& part : parts) {
    EXPECT_EQ(part.buffers.size(), part.steps.size());
    for (int i : part.steps) ++owners[static_cast<std::size_t>(i)];
  }
  for (int i : p.sweep.stages[0].steps) {
    const bool is_owned =
        p.plan->steps[i].op == Op::matmul || p.sweep.role[i] == Role::folded || p.sweep.kept[i];
    EXPECT_GE(owners[i], 1) << i;
    EXPECT_LE(owners[i], is_owned ? 1 : 3) << i;
  }
}

TEST(Parts, OneNetworkIsOnePartAndSoAreReductionsOfOneValue) {
  const Planned one = sweep_of([](int64_t m) { return networks(m, 1); });
  EXPECT_TRUE(parts_of(*one.plan, one.sweep, 0).empty());
  const Planned sums = sweep_of([](int64_t m) {
    const NodePtr x = input(kType, {m, 5});
    return Program{{x}, {sum_over(x, 0), sum_over(mul(x, x), 0)}};
  });
  EXPECT_TRUE(parts_of(*sums.plan, sums.sweep, 0).empty());
}

}  // namespace
}  // namespace lanewise::plan
