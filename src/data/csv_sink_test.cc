#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "lanewise/data.h"
#include "lanewise/error.h"
#include "lanewise/ops.h"

namespace lanewise {
namespace {

TEST(CsvSink, NumbersGoToCsvAndBack) {
  const std::string path = testing::TempDir() + "lanewise_csv_sink.csv";
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

TEST(CsvSink, ValuesThatAreMissingLeaveCsvFieldsEmpty) {
  const std::string path = testing::TempDir() + "lanewise_csv_sink.csv";
  const auto sink = csv_sink(path, {"a", "b"});
  sink->push(std::vector<Array>{array({{1, NAN}, {NAN, 2}})});
  sink->close();
  const Table table = read_csv(path);
  std::filesystem::remove(path);
  EXPECT_EQ(table.columns[0].missing, 1);
  EXPECT_EQ(table.columns[1].numbers[1], 2);
  EXPECT_THROW(csv_sink(path, {"a"})->push(std::vector<Array>{ones({2, 2})}), ValueError);
}

}  // namespace
}  // namespace lanewise
