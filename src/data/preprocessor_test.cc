#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "data/encoders.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

std::vector<int64_t> all_rows(const Table& t) {
  std::vector<int64_t> rows(static_cast<std::size_t>(t.rows));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  return rows;
}

Preprocessor fitted(const Table& t, EncodingOptions options = {}) {
  return Preprocessor::fit(t, all_rows(t), "", options);
}

TEST(GreedyEdges, EachOfFewValuesIsAnEdge) {
  const std::vector<double> x = {1, 1, 2, 5, 5};
  EXPECT_EQ(greedy_edges(x, 64), (std::vector<double>{1, 2, 5}));
  EXPECT_TRUE(greedy_edges(std::vector<double>{3, 3}, 64).empty());
  EXPECT_TRUE(greedy_edges(x, 0).empty());
}

// Plain quantiles of a column that is nearly always 0 would be 0 almost everywhere.
TEST(GreedyEdges, ACommonValueDoesNotEatTheBins) {
  std::vector<double> x(9000, 0.0);
  for (int i = 1; i <= 1000; ++i) x.push_back(i);
  const std::vector<double> edges = greedy_edges(x, 8);
  ASSERT_EQ(edges.size(), 9u);
  EXPECT_EQ(edges[0], 0);
  EXPECT_EQ(edges[1], 1);
  EXPECT_NEAR(edges[4], 429, 2);  // the other 1,000 rows in seven equal shares
  EXPECT_EQ(edges[8], 1000);
}

TEST(Preprocessor, EncodesNumbersAsPositionsInBins) {
  const Table t = parse_csv("x\n0\n10\n20\n30\n");
  const Preprocessor p = fitted(t, {.bin_rows = 1, .few_rows = 0});
  EXPECT_EQ(p.width(), 1 + 3);
  const std::vector<float> f = p.transform(parse_csv("x\n15\n-100\n35\n")).to_vector<float>();
  EXPECT_EQ(f[0], 0);  // the mean
  EXPECT_EQ(std::vector<float>(f.begin() + 1, f.begin() + 4), (std::vector<float>{1, 0.5, 0}));
  EXPECT_EQ(std::vector<float>(f.begin() + 5, f.begin() + 8), (std::vector<float>{-3, 0, 0}));
  EXPECT_EQ(std::vector<float>(f.begin() + 9, f.begin() + 12), (std::vector<float>{1, 1, 1.5}));
}

TEST(Preprocessor, BinsHoldEnoughRows) {
  std::string text = "x\n";
  for (int i = 0; i < 1000; ++i) text += std::to_string(i) + ".5\n";
  const Table t = parse_csv(text);
  const auto bins = [&](int most, int64_t rows) {
    return fitted(t, {.bins = most, .bin_rows = rows, .few_rows = 0}).width() - 1;
  };
  EXPECT_EQ(bins(64, 100), 10);
  EXPECT_EQ(bins(64, 101), 9);
  EXPECT_EQ(bins(8, 100), 8);
  EXPECT_EQ(bins(64, 1001), 0);
  EXPECT_THROW(bins(64, 0), ValueError);
}

TEST(Preprocessor, GivesCommonValuesAFeatureEach) {
  std::string text = "x\n";
  for (int i = 0; i < 30; ++i) text += std::to_string(i % 3) + "\n";
  const Preprocessor p = fitted(parse_csv(text), {.bins = 0, .few_rows = 0});
  EXPECT_EQ(p.width(), 1 + 3);
  const std::vector<float> f = p.transform(parse_csv("x\n2\n")).to_vector<float>();
  EXPECT_EQ(std::vector<float>(f.begin() + 1, f.end()), (std::vector<float>{0, 0, 1}));
}

TEST(Preprocessor, UsesPlainEncodingsForFewRows) {
  EXPECT_EQ(fitted(parse_csv("x\n1\n2\n3\n")).width(), 1);
}

TEST(Preprocessor, MarksWhatIsMissing) {
  const Preprocessor p = fitted(parse_csv("x,c\n1,a\n3,\n,b\n"));
  const std::vector<float> f = p.transform(parse_csv("x,c\n?,?\n1,zebra\n")).to_vector<float>();
  EXPECT_EQ(f, (std::vector<float>{0, 1, 0, 0, 1, -1, 0, 0, 0, 0}));
}

TEST(Preprocessor, CountsUnseenCategories) {
  const Preprocessor p = fitted(parse_csv("c\na\nb\na\n"));
  std::map<std::string, int64_t> unseen;
  p.transform(parse_csv("c\nz\na\nz\n"), &unseen);
  EXPECT_EQ(unseen["c"], 2);
}

TEST(Preprocessor, KeepsTheCommonestOfTooManyCategories) {
  const Preprocessor p = fitted(parse_csv("c\na\na\nb\nb\nc\n"), {.max_categories = 2});
  EXPECT_EQ(p.width(), 2);
  EXPECT_EQ(p.transform(parse_csv("c\nc\n")).to_vector<float>(), (std::vector<float>{0, 0}));
}

TEST(Preprocessor, LeavesOutWhatCarriesNothing) {
  const Preprocessor p = fitted(parse_csv("x,k,none\n1,7,\n2,7,\n3,7,\n"));
  ASSERT_EQ(p.left_out().size(), 2u);
  EXPECT_EQ(p.inputs(), (std::vector<std::string>{"x"}));
  EXPECT_THROW(fitted(parse_csv("k\n7\n7\n")), DataError);
}

TEST(Preprocessor, RefusesDataThatDoesNotFit) {
  const Preprocessor p = fitted(parse_csv("x,c\n1,a\n2,b\n"));
  EXPECT_THROW(p.transform(parse_csv("x\n1\n")), DataError);
  EXPECT_THROW(p.transform(parse_csv("x,c\nword,a\nother,b\n")), DataError);
}

TEST(Preprocessor, SurvivesJson) {
  const Table t = parse_csv("x,c\n0.1,a\n0.7,\"b,\"\n1e-17,\n");
  const Preprocessor p = fitted(t, {.bin_rows = 1, .few_rows = 0}),
                     q = Preprocessor::from_json(p.to_json());
  EXPECT_EQ(q.to_json(), p.to_json());
  EXPECT_EQ(q.describe(), p.describe());
  EXPECT_EQ(q.transform(t).to_vector<float>(), p.transform(t).to_vector<float>());
  EXPECT_THROW(Preprocessor::from_json("{}"), DataError);
  EXPECT_THROW(Preprocessor::from_json("{\"columns\": [{\"kind\": \"magic\"}], \"left_out\": []}"),
               DataError);
}

TEST(SplitRows, IsStratifiedSeededAndComplete) {
  std::vector<int32_t> classes(100, 0);
  for (int i = 0; i < 20; ++i) classes[static_cast<std::size_t>(i * 5)] = 1;
  const Split a = split_rows(100, 0.2, 7, classes), b = split_rows(100, 0.2, 7, classes);
  EXPECT_EQ(a.held_out, b.held_out);
  EXPECT_NE(a.held_out, split_rows(100, 0.2, 8, classes).held_out);
  EXPECT_EQ(a.held_out.size(), 20u);
  EXPECT_EQ(a.train.size(), 80u);
  int64_t positive = 0;
  for (int64_t row : a.held_out) positive += classes[static_cast<std::size_t>(row)];
  EXPECT_EQ(positive, 4);
  EXPECT_EQ(split_rows(3, 0.1, 0).held_out.size(), 1u);
  EXPECT_EQ(split_rows(1, 0.5, 0).train.size(), 1u);
  EXPECT_THROW(split_rows(10, 1.0, 0), ValueError);
}

TEST(Split, FoldsShareRowsAndClassesEvenly) {
  std::vector<int32_t> classes;
  for (int i = 0; i < 101; ++i) classes.push_back(i % 5 == 0);
  const std::vector<int64_t> folds = split_folds(101, 4, 7, classes);
  std::vector<int> rows(4), ones(4);
  for (std::size_t i = 0; i < folds.size(); ++i) {
    ++rows.at(static_cast<std::size_t>(folds[i]));
    ones.at(static_cast<std::size_t>(folds[i])) += classes[i];
  }
  for (int fold = 0; fold < 4; ++fold) {
    EXPECT_NEAR(rows[fold], 101 / 4., 1);
    EXPECT_NEAR(ones[fold], 21 / 4., 1);
  }
  EXPECT_EQ(folds, split_folds(101, 4, 7, classes));
  EXPECT_NE(folds, split_folds(101, 4, 8, classes));
  EXPECT_THROW(split_folds(3, 4, 0), ValueError);
  EXPECT_THROW(split_folds(3, 0, 0), ValueError);
  EXPECT_THROW(split_rows(100, 0.5, 0, classes), ValueError);  // of other rows
}

TEST(Preprocessor, RowsThatThereAreNot) {
  const Table t = parse_csv("a,b\n1,x\n2,y\n");
  const std::vector<int64_t> rows = {0, 2};
  EXPECT_THROW(t.select_rows(rows), IndexError);
  EXPECT_THROW(Preprocessor::fit(t, rows, ""), IndexError);
  EXPECT_THROW(Preprocessor::fit(t, std::vector<int64_t>{0, 1}, "").transform(t, rows), IndexError);
}

}  // namespace
}  // namespace lanewise
