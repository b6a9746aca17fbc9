#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>

#include "lanewise/data.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

class Streams : public testing::Test {
 protected:
  const std::string path_ = testing::TempDir() + "lanewise_streams.npy";
  void TearDown() override { std::filesystem::remove(path_); }
};

TEST_F(Streams, ArraysGoToAFileAndBackInRuns) {
  const Array x = arange(0, 14, 1, DType::float32).reshape({7, 2});
  auto sink = npy_sink(path_, {2}, DType::float32);
  auto rows = array_source({x});
  for (auto run = rows->pull(3); run[0].shape(0) > 0; run = rows->pull(3)) sink->push(run);
  EXPECT_FALSE(std::filesystem::exists(path_));
  sink->close();
  EXPECT_EQ(load_npy(path_).to_vector<float>(), x.to_vector<float>());

  auto source = npy_source(path_);
  EXPECT_EQ(source->length(), 7);
  EXPECT_EQ(source->pull(5)[0].shape(), (Shape{5, 2}));
  EXPECT_EQ(source->pull(5)[0].to_vector<float>(), (std::vector<float>{10, 11, 12, 13}));
  EXPECT_EQ(source->pull(5)[0].shape(0), 0);
  source->seek(6);
  EXPECT_EQ(source->pull(1)[0].to_vector<float>(), (std::vector<float>{12, 13}));
  source->reset();
  EXPECT_EQ(source->pull(1)[0].to_vector<float>(), (std::vector<float>{0, 1}));
  EXPECT_THROW(source->seek(8), IndexError);
}

TEST_F(Streams, AnUnclosedSinkLeavesNothing) {
  { npy_sink(path_, {2}, DType::float32)->push(std::vector<Array>{ones({3, 2})}); }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Streams, NumbersGoToCsvAndBack) {
  const std::string path = testing::TempDir() + "lanewise_streams.csv";
  const Array x = linspace(-1e-3, 7e8, 2400, DType::float32).reshape({600, 4});
  const auto sink = csv_sink(path, {"a", "b,c", "d", "e"});
  sink->push(std::vector<Array>{x[slice(0, 500)]});
  sink->push(std::vector<Array>{x[slice(500, 600)]});
  EXPECT_FALSE(std::filesystem::exists(path));
  sink->close();
  const Table table = read_csv(path);
  std::filesystem::remove(path);
  ASSERT_EQ(table.rows, 600);
  const auto values = x.to_vector<float>();
  for (std::size_t row = 0; row < 600; ++row)
    EXPECT_EQ(static_cast<float>(table.column("b,c").numbers[row]), values[4 * row + 1]);
}

TEST_F(Streams, ValuesThatAreMissingLeaveCsvFieldsEmpty) {
  const std::string path = testing::TempDir() + "lanewise_streams.csv";
  const auto sink = csv_sink(path, {"a", "b"});
  sink->push(std::vector<Array>{array({{1, NAN}, {NAN, 2}})});
  sink->close();
  const Table table = read_csv(path);
  std::filesystem::remove(path);
  EXPECT_EQ(table.columns[0].missing, 1);
  EXPECT_EQ(table.columns[1].numbers[1], 2);
  EXPECT_THROW(csv_sink(path, {"a"})->push(std::vector<Array>{ones({2, 2})}), ValueError);
}

TEST_F(Streams, AFileThatShrinksIsAnError) {
  save_npy(path_, ones({1000, 4}));
  auto source = npy_source(path_);
  std::filesystem::resize_file(path_, 500);
  EXPECT_THROW(source->pull(1000), IoError);
}

TEST_F(Streams, RowsMustAgree) {
  EXPECT_THROW(array_source({ones({3, 2}), ones({4})}), ShapeError);
  EXPECT_THROW(array_source({ones({})}), ValueError);
}

}  // namespace
}  // namespace lanewise
