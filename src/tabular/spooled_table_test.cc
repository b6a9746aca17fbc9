#include "tabular/spooled_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "lanewise/error.h"

namespace lanewise {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class Spooled : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& text) const {
    const std::string path = folder_ + "/rows.csv";
    std::ofstream(path) << text;
    return path;
  }
  SpooledTable spooled(const std::string& path, SpoolOptions options = {}) const {
    options.target = "y";
    if (options.sample == 0) options.sample = 1000;
    options.folder = folder_;
    return spool_table(path, {}, read_columns(path), options);
  }

  const std::string folder_ = testing::TempDir() + "lanewise_spooled";
};

TEST_F(Spooled, NumbersAndCodesOfAllRowsInOrder) {
  const SpooledTable table = spooled(write("x,c,y\n1.5,b,0\n,a,1\n2,,1\n3,b,\n"));
  EXPECT_EQ(table.rows, 4);
  EXPECT_EQ(table.dropped, 1);
  ASSERT_EQ(table.train.rows(), 3);
  const std::vector<double> rows = table.train.read(0, 3);
  EXPECT_EQ(std::vector(rows.begin(), rows.begin() + 3), (std::vector<double>{1.5, 0, 0}));
  EXPECT_TRUE(std::isnan(rows[3]) && rows[4] == 1 && rows[5] == 1);
  EXPECT_TRUE(rows[6] == 2 && std::isnan(rows[7]) && rows[8] == 1);
  EXPECT_EQ(table.columns.columns[1].dictionary, (std::vector<std::string>{"b", "a"}));
}

// 16,777,217 is the first whole number that float32 can't hold.
TEST_F(Spooled, NumbersLoseNothing) {
  std::string text = "x,y\n";
  for (int i = 0; i < 500; ++i) text += std::to_string(16'777'000 + i) + "," + "01"[i % 2] + "\n";
  const SpooledTable table = spooled(write(text));
  const std::vector<double> rows = table.train.read(200, 100);
  for (std::size_t i = 0; i < 100; ++i)
    EXPECT_EQ(rows[2 * i], 16'777'200.0 + static_cast<double>(i));
}

TEST_F(Spooled, EveryRowIsDrawnForOnePart) {
  std::string text = "x,y\n";
  for (int i = 0; i < 10'000; ++i) text += std::to_string(i) + "," + "01"[i % 2] + "\n";
  SpoolOptions options;
  options.test = 0.2;
  options.folds = 4;
  const std::string path = write(text);
  const SpooledTable table = spooled(path, options);
  EXPECT_NEAR(static_cast<double>(table.test.rows()), 2000, 150);
  EXPECT_EQ(table.test.rows() + table.train.rows(), 10'000);
  EXPECT_EQ(table.folds.rows(), table.train.rows());
  std::vector<int> rows_of(4);
  for (double fold : table.folds.read(0, table.folds.rows()))
    ++rows_of[static_cast<std::size_t>(fold)];
  for (int rows : rows_of) EXPECT_NEAR(rows, 2000, 150);
  EXPECT_EQ(table.checksum(), spooled(path, options).checksum());
  options.seed = 1;
  EXPECT_NE(table.checksum(), spooled(path, options).checksum());
}

TEST_F(Spooled, TheSampleIsOfAllRows) {
  std::string text = "x,y\n";
  for (int i = 0; i < 10'000; ++i) text += std::to_string(i) + "," + "01"[i % 2] + "\n";
  SpoolOptions options;
  options.sample = 500;
  const SpooledTable table = spooled(write(text), options);
  ASSERT_EQ(table.sample.rows, 500);
  double sum = 0;
  for (double x : table.sample.columns[0].numbers) sum += x;
  EXPECT_NEAR(sum / 500, 5000, 5 * 2887 / std::sqrt(500));
}

TEST_F(Spooled, WhatIsKnownOfTheTarget) {
  const SpooledTable table = spooled(write("x,y\n1,3\n2,5\n3,5\n4,7\n"));
  EXPECT_EQ(table.values, (std::unordered_map<double, int64_t>{{3, 1}, {5, 2}, {7, 1}}));
  EXPECT_DOUBLE_EQ(table.mean, 5);
  EXPECT_DOUBLE_EQ(table.squares, 8);
}

TEST_F(Spooled, AFileThatChangesIsAnError) {
  const std::string path = write("x,c,y\n1,a,0\n2,b,1\n");
  const Table columns = read_columns(path);
  write("x,c,y\n1,a,0\n2,new,1\n");
  SpoolOptions options;
  options.target = "y";
  options.folder = folder_;
  EXPECT_THAT([&] { spool_table(path, {}, columns, options); },
              ThrowsMessage<DataError>(HasSubstr("has changed since it was read before: 'new'")));
  options.folder = folder_ + "/absent";
  EXPECT_THAT([&] { spool_table(path, {}, columns, options); },
              ThrowsMessage<IoError>(HasSubstr("no scratch file can be made there")));
}

}  // namespace
}  // namespace lanewise
