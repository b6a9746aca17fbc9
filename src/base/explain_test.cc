#include <gtest/gtest.h>

#include "lanewise/error.h"
#include "lanewise/shape.h"

namespace lanewise {
namespace {

BroadcastExplanation explain(std::initializer_list<Shape> shapes,
                             std::string_view operation = "add") {
  return explain_broadcast(std::span<const Shape>(shapes.begin(), shapes.size()), operation);
}

struct Example {
  std::vector<Shape> shapes;
  Shape result;
};

// The examples of NumPy's user guide on broadcasting.
TEST(ExplainBroadcast, AgreesWithNumPysGuide) {
  const Example examples[] = {
      {{{256, 256, 3}, {3}}, {256, 256, 3}},
      {{{8, 1, 6, 1}, {7, 1, 5}}, {8, 7, 6, 5}},
      {{{5, 4}, {1}}, {5, 4}},
      {{{5, 4}, {4}}, {5, 4}},
      {{{15, 3, 5}, {15, 1, 5}}, {15, 3, 5}},
      {{{15, 3, 5}, {3, 5}}, {15, 3, 5}},
      {{{15, 3, 5}, {3, 1}}, {15, 3, 5}},
      {{{3}, {}}, {3}},
      {{{4, 1}, {3}}, {4, 3}},
      {{{10, 1}, {2}}, {10, 2}},
      {{{4, 2}, {2}}, {4, 2}},
      {{{4, 1, 3}, {1, 5, 1}}, {4, 5, 3}},
      {{{2, 3, 4}, {3, 1}}, {2, 3, 4}},
      {{{1}, {3, 1, 7}, {8, 1, 1, 1}}, {8, 3, 1, 7}},
      {{{0}, {1}}, {0}},
      {{{5, 1, 0}, {3, 1}}, {5, 3, 0}},
      {{}, {}},
  };
  for (const Example& example : examples) {
    const BroadcastExplanation e = explain_broadcast(example.shapes);
    EXPECT_TRUE(e.ok) << e.text;
    EXPECT_EQ(e.shape, example.result) << e.text;
    EXPECT_TRUE(e.warnings.empty()) << e.text;
    EXPECT_EQ(broadcast_shapes(example.shapes), example.result);
  }
  for (const std::vector<Shape>& clash : {std::vector<Shape>{{3}, {4}},
                                          {{2, 1}, {8, 4, 3}},
                                          {{4, 3}, {4}},
                                          {{0}, {2}},
                                          {{1}, {2}, {3}}}) {
    EXPECT_FALSE(explain_broadcast(clash).ok);
    EXPECT_THROW(broadcast_shapes(clash), ShapeError);
  }
}

TEST(ExplainBroadcast, NamesTheAxisAndTheRepair) {
  const BroadcastExplanation e = explain({{5, 3}, {5}});
  EXPECT_EQ(e.failing_axis, 1);
  EXPECT_EQ(e.left, 3);
  EXPECT_EQ(e.right, 5);
  EXPECT_EQ(
      e.text,
      "add: shapes (5, 3) and (5,) do not broadcast: axis 1 has extent 3 in (5, 3) and 5 in (5,). "
      "Repair: (5,) is (5, 3) without axis 1: if it comes from a reduction such as mean over axis "
      "1, "
      "keepdims=True gives (5, 1); else use expand_dims(…, 1) on the second operand.\n"
      "  left     5 3\n"
      "  right      5\n"
      "             ^\n");
}

TEST(ExplainBroadcast, SuggestsKeepdimsForALostAxis) {
  const BroadcastExplanation e = explain({{3, 100}, {3}}, "subtract");
  EXPECT_NE(e.repair.find("keepdims=True gives (3, 1)"), std::string::npos) << e.repair;
  EXPECT_NE(explain({{3}, {3, 100}}).repair.find("on the first operand"), std::string::npos);
}

TEST(ExplainBroadcast, SuggestsATranspose) {
  EXPECT_NE(explain({{3, 4}, {4, 3}}).repair.find("transpose"), std::string::npos);
}

TEST(ExplainBroadcast, WarnsOfSilentMistakesByName) {
  const BroadcastExplanation column = explain({{4}, {4, 1}});
  EXPECT_EQ(column.shape, (Shape{4, 4}));
  ASSERT_EQ(column.warnings.size(), 1u);
  EXPECT_EQ(column.warnings[0].name, "rank-1 meets a column");
  EXPECT_NE(column.warnings[0].text.find("a rank-1 array (4,) met a column (4, 1)"),
            std::string::npos);
  EXPECT_EQ(explain({{10, 1}, {1, 10}}).warnings.at(0).name, "accidental outer product");
  EXPECT_EQ(explain({{3, 3}, {3}}).warnings.at(0).name, "square matrix meets a rank-1 array");
}

TEST(ExplainBroadcast, TakesAnyNumberOfOperands) {
  const BroadcastExplanation e = explain({{2, 3}, {1}, {4}}, "where");
  EXPECT_FALSE(e.ok);
  EXPECT_NE(e.text.find("operand 3"), std::string::npos);
  EXPECT_TRUE(explain({}).ok);
  EXPECT_TRUE(explain({{7}}).ok);
}

TEST(MatmulShape, ChecksTheInnerExtents) {
  EXPECT_EQ(matmul_shape({2, 3}, {3, 4}), (Shape{2, 4}));
  EXPECT_EQ(matmul_shape({3}, {3}), Shape{});
  EXPECT_EQ(matmul_shape({3}, {3, 4}), (Shape{4}));
  EXPECT_EQ(matmul_shape({2, 3}, {3}), (Shape{2}));
  EXPECT_EQ(matmul_shape({7, 1, 2, 3}, {5, 3, 4}), (Shape{7, 5, 2, 4}));
  EXPECT_THROW(matmul_shape({}, {3}), ShapeError);
  EXPECT_THROW(matmul_shape({2, 2, 3}, {5, 3, 4}), ShapeError);
  try {
    matmul_shape({100, 64}, {100, 10});
    FAIL() << "no error";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(
        e.what(),
        "matmul: (100, 64) @ (100, 10): the inner extents differ: 64 columns (last axis of the "
        "first) meet 100 rows (second last axis of the second). Repair: transpose the first "
        "operand: (64, 100) @ (100, 10).");
    EXPECT_EQ(e.details().operation, "matmul");
    EXPECT_EQ(e.details().left, 64);
    EXPECT_EQ(e.details().right, 100);
  }
}

TEST(MatmulShape, NamesTheBatchAxesThatClash) {
  try {
    matmul_shape({2, 2, 3, 4}, {5, 4, 6});
    FAIL() << "no error";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(),
                 "matmul: (2, 2, 3, 4) @ (5, 4, 6): the batch axes do not broadcast: axis 1 has "
                 "extent 2 in (2, 2, 3, 4) and 5 in (5, 4, 6). Repair: two extents fit when they "
                 "are equal or one of them is 1; reshape, slice or reduce one operand.\n"
                 "  left     2 2 3 4\n"
                 "  right      5 4 6\n"
                 "             ^\n");
    EXPECT_EQ(e.details().axis, 1);
    EXPECT_EQ(e.details().left, 2);
    EXPECT_EQ(e.details().right, 5);
  }
}

TEST(ExplainExpression, NamesTheBatchAxesThatClash) {
  const ShapeExpression e = explain_expression("(2,3,4)@(5,4,6)");
  EXPECT_FALSE(e.ok);
  EXPECT_NE(e.error.find("axis 0 has extent 2 in (2, 3, 4) and 5 in (5, 4, 6)"), std::string::npos);
  EXPECT_EQ(e.text, e.error);
}

TEST(ExplainExpression, FollowsPythonsPrecedence) {
  EXPECT_EQ(explain_expression("(64,100) @ (100,1000) + (64,1)").shape, (Shape{64, 1000}));
  EXPECT_EQ(explain_expression("(64,1) + (64,100) @ (100,1000)").shape, (Shape{64, 1000}));
  EXPECT_EQ(explain_expression(" 2 * ((3,) - (4 , 1)) / 5").shape, (Shape{4, 3}));
  EXPECT_EQ(explain_expression("(2 + (3,))").shape, (Shape{3}));
  EXPECT_EQ(explain_expression("()").shape, Shape{});
  EXPECT_EQ(explain_expression("(5)").shape, (Shape{5}));
}

TEST(ExplainExpression, TellsAClash) {
  const ShapeExpression e = explain_expression("(2,3) @ (2,3) + 1");
  EXPECT_FALSE(e.ok);
  EXPECT_NE(e.error.find("transpose"), std::string::npos);
}

TEST(ExplainExpression, PointsAtWhatItCannotRead) {
  for (const char* bad : {"", "(", "(2,", "(2,3", "(2,3) +", "(2,x)", "2 3", "(-1,)", "(2,3) $ 4",
                          "99999999999999999999"})
    EXPECT_THROW(explain_expression(bad), ValueError) << bad;
  EXPECT_THROW(explain_expression(std::string(100000, '(')), ValueError);
  EXPECT_THROW(explain_expression("(1,1,1,1,1,1,1,1,1,1,1,1,1)"), ValueError);
  try {
    explain_expression("(2,3) + x");
    FAIL() << "no error";
  } catch (const ValueError& e) {
    EXPECT_STREQ(
        e.what(),
        "can't read the expression at column 9: expected a shape such as (2, 3), a number or '('\n"
        "  (2,3) + x\n"
        "          ^");
  }
}

}  // namespace
}  // namespace lanewise
