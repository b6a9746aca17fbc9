#include "plan/plan.h"

#include <gtest/gtest.h>

#include "graph/build.h"
#include "lanewise/error.h"

namespace lanewise::plan {
namespace {

using namespace graph;

// tanh(X W) for m samples as rows.
Program layer(int64_t m) {
  const NodePtr x = input(DType::float32, {m, 5}), w = input(DType::float32, {5, 4});
  return {{x, w}, {unary(Op::tanh, matmul(x, w))}};
}

PlanPtr for_every_m(Program (*program)(int64_t)) {
  return make_plan(program(kTraceRows[0]), program(kTraceRows[1]));
}

TEST(SymbolicDims, FitsAffineExtents) {
  const auto dims = SymbolicDims::fit({kTraceRows[0] + 3, 7, 2 * kTraceRows[0]},
                                      {kTraceRows[1] + 3, 7, 2 * kTraceRows[1]});
  ASSERT_TRUE(dims);
  EXPECT_EQ(dims->at(10), (Dims{13, 7, 20}));
  EXPECT_EQ(dims->text(), "(m + 3, 7, 2 m)");
  EXPECT_FALSE(SymbolicDims::fit({kTraceRows[0] / 2}, {kTraceRows[1] / 2}));
}

TEST(Plan, ServesEveryM) {
  const PlanPtr plan = for_every_m(layer);
  ASSERT_TRUE(plan);
  const Tensor bindings[] = {Tensor::empty(DType::float32, {17, 5}),
                             Tensor::empty(DType::float32, {5, 4})};
  EXPECT_EQ(plan->rows(bindings), 17);
  EXPECT_NO_THROW(plan->check(bindings));
  EXPECT_NE(to_text(plan->report()).find("(m, 4)"), std::string::npos);
}

TEST(Plan, RefusesBindingsThatDoNotFit) {
  const PlanPtr plan = for_every_m(layer);
  const Tensor x = Tensor::empty(DType::float32, {17, 6}),
               w = Tensor::empty(DType::float32, {5, 4});
  const Tensor wide[] = {x, w}, few[] = {w};
  EXPECT_THROW(plan->check(wide), ShapeError);
  EXPECT_THROW(plan->check(few), ValueError);
  const Tensor doubles[] = {Tensor::empty(DType::float64, {17, 5}), w};
  EXPECT_THROW(plan->check(doubles), DTypeError);
}

TEST(Plan, ReusesMemoryWhoseUsersAreDone) {
  const PlanPtr plan = for_every_m([](int64_t m) {
    const NodePtr x = input(DType::float32, {m});
    NodePtr y = x;
    for (int i = 0; i < 10; ++i) y = unary(Op::tanh, y);
    return Program{{x}, {y}};
  });
  EXPECT_EQ(plan->slot_count, 2);
}

TEST(Plan, KeepsWhatAViewStillShows) {
  const PlanPtr plan = for_every_m([](int64_t m) {
    const NodePtr x = input(DType::float32, {m, 2});
    const NodePtr flipped = transpose(unary(Op::exp, x), {});  // a view of a slot
    const NodePtr other = unary(Op::log, x);                   // must not take that slot
    return Program{{x}, {binary(Op::add, transpose(other, {}), flipped)}};
  });
  EXPECT_EQ(plan->slot_count, 2 + 2);  // two values; two views that never need theirs
}

// The last three of m samples.
Program tail(int64_t m) {
  const NodePtr x = input(DType::float32, {m});
  return {{x}, {slice(x, {m - 3}, {3}, {1})}};
}

TEST(Plan, RefusesTooFewSamplesForAnIndex) {
  const PlanPtr plan = for_every_m(tail);
  const Tensor few[] = {Tensor::empty(DType::float32, {2})},
               enough[] = {Tensor::empty(DType::float32, {3})};
  EXPECT_THROW(plan->check(few), IndexError);
  EXPECT_NO_THROW(plan->check(enough));
}

TEST(Plan, RefusesTheLargestOfNoSamples) {
  const PlanPtr plan = for_every_m([](int64_t m) {
    const NodePtr x = input(DType::float32, {m, 2});
    return Program{{x}, {reduce(Op::max, x, Axes(0), false)}};
  });
  const Tensor none[] = {Tensor::empty(DType::float32, {0, 2})};
  EXPECT_THROW(plan->check(none), ValueError);
}

TEST(Plan, ServesTheSameProgramAlone) {
  EXPECT_TRUE(serves(*for_every_m(layer), layer(17), 17));
  EXPECT_FALSE(serves(*for_every_m(layer), layer(17), 18));
  EXPECT_FALSE(serves(*for_every_m(layer), tail(17), 17));
  EXPECT_TRUE(serves(*for_every_m(tail), tail(3), 3));
  const NodePtr x = input(DType::float32, {2});
  EXPECT_FALSE(serves(*for_every_m(tail), {{x}, {slice(x, {0}, {2}, {1})}}, 2));
}

TEST(Plan, IsRefusedWhereMIsUsedAsANumber) {
  EXPECT_FALSE(for_every_m([](int64_t m) {
    const NodePtr x = input(DType::float64, {m});
    return Program{{x},
                   {binary(Op::multiply, x, scalar(DType::float64, 1.0 / static_cast<double>(m)))}};
  }));
}

}  // namespace
}  // namespace lanewise::plan
