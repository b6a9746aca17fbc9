#include <gtest/gtest.h>

#include "base/tensor.h"
#include "graph/build.h"
#include "lanewise/error.h"
#include "passes/grad.h"
#include "passes/pipeline.h"

namespace lanewise::passes {
namespace {

using namespace graph;

TEST(CommonSubexpressions, BecomeOne) {
  const NodePtr x = input(DType::float32, {3});
  const NodePtr twice = binary(Op::add, unary(Op::exp, x), unary(Op::exp, x));
  EXPECT_EQ(topological_order(std::vector{twice}).size(), 4u);
  const std::vector<NodePtr> merged = optimize({twice}, Leaves::bound);
  EXPECT_EQ(topological_order(merged).size(), 3u);
  EXPECT_EQ(merged[0]->inputs[0], merged[0]->inputs[1]);
}

TEST(CommonSubexpressions, EqualNumbersBecomeOneWhereTheyArePartOfTheProgram) {
  const NodePtr x = input(DType::float32, {});
  const auto scaled = [&](double by) {
    return binary(Op::multiply, x, constant(Tensor::scalar(DType::float32, by)));
  };
  const NodePtr sum = binary(Op::add, binary(Op::add, scaled(2), scaled(2)), scaled(3));
  const auto count = [&](Leaves leaves) {
    return topological_order(optimize({sum}, leaves)).size();
  };
  EXPECT_EQ(count(Leaves::bound), 9u);
  EXPECT_EQ(count(Leaves::constant), 7u);
  const NodePtr zeros = binary(Op::add, scaled(0.0), scaled(-0.0));
  EXPECT_EQ(optimize({zeros}, Leaves::constant)[0], zeros);
}

TEST(CommonSubexpressions, AreToldApartByShapesAndAttributes) {
  constexpr int64_t kParts = 20000;
  const NodePtr x = input(DType::float32, {kParts});
  std::vector<NodePtr> parts;
  for (int twice = 0; twice < 2; ++twice)
    for (int64_t i = 0; i < kParts; ++i) parts.push_back(slice(x, {i}, {1}, {1}));
  const std::vector<NodePtr> merged = optimize(parts, Leaves::bound);
  EXPECT_EQ(topological_order(merged).size(), kParts + 1);
  EXPECT_EQ(merged[7], merged[kParts + 7]);
}

TEST(CommonSubexpressions, LeaveOtherGraphsAlone) {
  const NodePtr x = input(DType::float32, {3});
  const NodePtr y = binary(Op::add, unary(Op::exp, x), unary(Op::log, x));
  EXPECT_EQ(optimize({y}, Leaves::constant)[0], y);
}

TEST(Grad, HasTheShapeAndDtypeOfItsArgument) {
  const NodePtr column = input(DType::float32, {3, 1}), row = input(DType::float64, {4});
  const NodePtr loss = reduce(Op::sum, binary(Op::multiply, column, row), Axes(), false);
  const NodePtr wrt[] = {column, row};
  const auto g = gradients(loss, wrt);
  EXPECT_EQ(g[0]->shape, (Shape{3, 1}));
  EXPECT_EQ(g[0]->dtype, DType::float32);
  EXPECT_EQ(g[1]->shape, (Shape{4}));
}

TEST(Grad, IsZeroWhereNothingDepends) {
  const NodePtr x = input(DType::float32, {3}), unused = input(DType::float32, {2});
  const NodePtr loss = reduce(Op::sum, x, Axes(), false);
  const NodePtr wrt[] = {unused};
  EXPECT_EQ(gradients(loss, wrt)[0]->shape, (Shape{2}));
}

TEST(Grad, RefusesWhatHasNone) {
  const NodePtr x = input(DType::float32, {3}), n = input(DType::int64, {});
  const NodePtr wrt[] = {x}, integers[] = {n};
  EXPECT_THROW(gradients(x, wrt), ShapeError);
  EXPECT_THROW(gradients(n, wrt), DTypeError);
  EXPECT_THROW(gradients(reduce(Op::sum, x, Axes(), false), integers), DTypeError);
}

}  // namespace
}  // namespace lanewise::passes
