// Which steps of a pass one loop makes, and that none is lost on the way.
#include "exec/compound_step.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "exec/elementwise_pass.h"
#include "graph/arithmetic.h"

namespace lanewise::exec {
namespace {

using namespace graph;

constexpr int64_t kSize = 70;

struct Case {
  const char* what;
  std::function<std::vector<NodePtr>(const NodePtr& a, const NodePtr& b)> program;
  std::size_t loops;
};

const Case kCases[] = {
    {"a slope of tanh",
     [](const NodePtr& a, const NodePtr& b) {
       return std::vector{mul(a, sub(num(a, 1), mul(b, b)))};
     },
     1},
    {"the same the other way round",
     [](const NodePtr& a, const NodePtr& b) {
       return std::vector{mul(sub(num(a, 1), mul(b, b)), a)};
     },
     1},
    {"a slope of a rectifier",
     [](const NodePtr& a, const NodePtr& b) {
       return std::vector{where(less(num(a, 0), b), a, num(a, 0))};
     },
     1},
    {"what is not among them",
     [](const NodePtr& a, const NodePtr& b) {
       return std::vector{binary(Op::maximum, unary(Op::abs, a), b)};
     },
     2},
    {"a square of another number is no square",
     [](const NodePtr& a, const NodePtr& b) {
       return std::vector{mul(a, sub(num(a, 1), mul(a, b)))};
     },
     2},
    {"a value that is also a result is made on its own",
     [](const NodePtr& a, const NodePtr& b) {
       const NodePtr square = mul(b, b);
       return std::vector{mul(a, sub(num(a, 1), square)), square};
     },
     2},
    {"one that is read twice, too",
     [](const NodePtr& a, const NodePtr& b) {
       const NodePtr product = mul(a, b);
       return std::vector{add(product, product)};
     },
     2},
    {"so it is where a result between may lie over what it reads",
     [](const NodePtr& a, const NodePtr& b) {
       const NodePtr difference = sub(a, b);
       const NodePtr result = unary(Op::abs, a);
       return std::vector{mul(difference, result), result};
     },
     3},
};

TEST(CompoundSteps, AreFoundByTheirShape) {
  for (const Case& c : kCases) {
    const NodePtr a = input(DType::float32, {kSize}), b = input(DType::float32, {kSize});
    const plan::PlanPtr plan = plan::make_plan(Program{{a, b}, c.program(a, b)});
    std::vector<int> steps;
    for (int i = 0; i < static_cast<int>(plan->steps.size()); ++i)
      if (can_join_pass(plan->steps[i])) steps.push_back(i);
    EXPECT_EQ(make_elementwise_pass(*plan, steps).operations.size(), c.loops) << c.what;
  }
}

TEST(CompoundSteps, AnOuterProductHasOneNumberInEachRowAndColumn) {
  for (const int64_t k : {1, 2}) {
    const NodePtr a = input(DType::float32, {5, k}), b = input(DType::float32, {k, 3});
    const plan::PlanPtr plan = plan::make_plan(Program{{a, b}, {matmul(a, b)}});
    EXPECT_EQ(is_outer_product(*plan, plan->steps.back()), k == 1);
  }
}

}  // namespace
}  // namespace lanewise::exec
