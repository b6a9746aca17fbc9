// Which results may lie over the inputs that they replace.
#include "exec/overwriting.h"

#include <gtest/gtest.h>

#include <functional>

#include "exec/backend.h"
#include "graph/arithmetic.h"
#include "kernels/kernels.h"

namespace lanewise::exec {
namespace {

using namespace graph;

NodePtr scaled(const NodePtr& a, double factor) {
  return binary(Op::multiply, a, scalar_like(a, factor));
}

// An update with momentum: weights p and speed v by the sums over m samples.
struct Update {
  NodePtr p, v, x, new_p, new_v;

  explicit Update(int64_t m)
      : p(input(DType::float32, {3})),
        v(input(DType::float32, {3})),
        x(input(DType::float32, {m, 3})),
        new_p(nullptr),
        new_v(add(scaled(v, 0.5), reduce(Op::sum, unary(Op::tanh, x), {0}, false))) {
    new_p = binary(Op::subtract, p, scaled(new_v, 0.25));
  }
};

// A program that returns p, v and what else is told.
using More = std::function<std::vector<NodePtr>(const Update&)>;
std::unique_ptr<const Executable> compiled(const More& more) {
  const auto program = [&](int64_t m) {
    const Update update(m);
    Program traced{{update.p, update.v, update.x}, {update.new_p, update.new_v}};
    for (const NodePtr& result : more(update)) traced.outputs.push_back(result);
    return traced;
  };
  return backend("fused").compile(
      plan::make_plan(program(plan::kTraceRows[0]), program(plan::kTraceRows[1])));
}

struct Case {
  const char* what;
  More more;
  bool p, v;  // may be overwritten
};

TEST(Overwriting, IsForWhatNobodyReadsAnyMore) {
  const Case cases[] = {
      {"an update", [](const Update&) { return std::vector<NodePtr>{}; }, true, true},
      {"the old weights are read beside it, but before",
       [](const Update& u) { return std::vector<NodePtr>{reduce(Op::max, u.p, {0}, false)}; }, true,
       true},
      {"the old weights are read after it",
       [](const Update& u) { return std::vector<NodePtr>{add(u.new_p, u.p)}; }, false, true},
      {"the old weights are a result",
       [](const Update& u) {
         return std::vector<NodePtr>{reshape(u.p, {1, 3})};
       },
       false, true},
      {"something that can fail comes after it",
       [](const Update& u) {
         const NodePtr places = constant(Tensor::scalar(DType::int64, 1));
         return std::vector<NodePtr>{take(u.new_p, places, 0)};
       },
       false, false},
  };
  for (const Case& c : cases) {
    const auto executable = compiled(c.more);
    EXPECT_EQ(executable->may_overwrite(0, 0), c.p) << c.what;
    EXPECT_EQ(executable->may_overwrite(1, 1), c.v) << c.what;
    EXPECT_FALSE(executable->may_overwrite(0, 2)) << c.what;
    EXPECT_FALSE(executable->may_overwrite(9, 9)) << c.what;
  }
}

TEST(Overwriting, GivesTheSameBits) {
  for (const int64_t samples : {1, 40, 3000}) {
    Tensor inputs[] = {Tensor::empty(DType::float32, {3}), Tensor::empty(DType::float32, {3}),
                       Tensor::empty(DType::float32, {samples, 3})};
    for (const Tensor& t : inputs)
      for (int64_t i = 0; i < t.size(); ++i)
        t.as<float>()[i] = static_cast<float>(i * 37 % 101) / 64 - 1;
    std::vector<Tensor> apart(2), over = {inputs[0], inputs[1]};
    const auto executable = compiled([](const Update&) { return std::vector<NodePtr>{}; });
    Workspace workspace;
    executable->run(inputs, apart, workspace);
    executable->run(inputs, over, workspace);
    for (std::size_t k : {0, 1}) {
      EXPECT_EQ(over[k].data, inputs[k].data);
      for (int64_t i = 0; i < 3; ++i)
        EXPECT_EQ(over[k].as<float>()[i], apart[k].as<float>()[i]) << samples;
    }
  }
}

}  // namespace
}  // namespace lanewise::exec
