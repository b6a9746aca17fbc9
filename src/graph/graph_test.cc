#include <gtest/gtest.h>

#include "graph/build.h"
#include "lanewise/error.h"

namespace lanewise::graph {
namespace {

NodePtr floats(const Shape& shape) { return input(DType::float32, shape); }

TEST(Build, PromotesBetweenOperands) {
  const NodePtr sum = binary(Op::add, input(DType::int32, {3}), floats({2, 3}));
  EXPECT_EQ(sum->dtype, DType::float64);
  EXPECT_EQ(sum->shape, (Shape{2, 3}));
  EXPECT_EQ(binary(Op::less, floats({3}), floats({3}))->dtype, DType::bool_);
  EXPECT_EQ(binary(Op::divide, input(DType::int8, {3}), input(DType::int8, {3}))->dtype,
            DType::float64);
}

TEST(Build, RefusesWhatHasNoMeaning) {
  const NodePtr flags = input(DType::bool_, {3});
  EXPECT_THROW(binary(Op::subtract, flags, flags), DTypeError);
  EXPECT_THROW(unary(Op::negative, flags), DTypeError);
  EXPECT_THROW(binary(Op::power, input(DType::int64, {3}), scalar(DType::int64, -1, true)),
               ValueError);
  EXPECT_THROW(reduce(Op::sum, floats({2, 3}), Axes(2), false), IndexError);
  EXPECT_THROW(reduce(Op::sum, floats({2, 3}), Axes{0, -2}, false), ValueError);
  EXPECT_THROW(reshape(floats({2, 3}), {4, -1}), ShapeError);
  EXPECT_THROW(reshape(floats({8}), {int64_t{1} << 62, 4, -1}), ShapeError);
  EXPECT_THROW(reshape(floats({0}), {int64_t{1} << 62, 4, -1}), ValueError);
  EXPECT_THROW(concatenate(std::vector<NodePtr>(16, floats({int64_t{1} << 59})), 0), ValueError);
  EXPECT_THROW(transpose(floats({2, 3}), {0, 0}), ValueError);
  EXPECT_THROW(broadcast_to(floats({2, 3}), {3}), ShapeError);
  EXPECT_THROW(concatenate({floats({2, 3}), floats({2, 4})}, 0), ShapeError);
}

TEST(Build, SumToReversesABroadcast) {
  const NodePtr x = floats({4, 2, 3});
  EXPECT_EQ(sum_to(x, {2, 1})->shape, (Shape{2, 1}));
  EXPECT_EQ(sum_to(x, {})->shape, Shape{});
  EXPECT_EQ(sum_to(x, {4, 2, 3}), x);
}

TEST(Dump, ShowsALineANode) {
  const NodePtr x = floats({2, 3});
  const NodePtr outputs[] = {
      reduce(Op::sum, binary(Op::multiply, x, scalar(DType::float32, 2)), Axes(0), false)};
  EXPECT_EQ(dump(outputs),
            "%0 = input() : float32 (2, 3)\n"
            "%1 = constant(2) : float32 ()\n"
            "%2 = multiply(%0, %1) : float32 (2, 3)\n"
            "%3 = sum(%2, axes=(0,)) : float32 (3,)\n"
            "return %3\n");
}

TEST(Verify, FindsADamagedNode) {
  const NodePtr y = unary(Op::exp, floats({2, 3}));
  const NodePtr outputs[] = {y};
  EXPECT_NO_THROW(verify(outputs));
  y->shape = {3, 2};
  EXPECT_THROW(verify(outputs), InternalError);
  y->inputs.clear();
  EXPECT_THROW(verify(outputs), InternalError);
}

TEST(Node, LongChainsDieWithoutRecursion) {
  NodePtr x = floats({1});
  for (int i = 0; i < 1000000; ++i) x = unary(Op::negative, x);
  x.reset();
}

}  // namespace
}  // namespace lanewise::graph
