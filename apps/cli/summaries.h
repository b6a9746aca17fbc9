// What is told of values that come a run at a time.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/meter.h"
#include "lanewise/data.h"

namespace lanewise::cli {

// Those that aren't finite are only counted; NaN where there are no others.
struct NumberSummary {
  double least = NAN, most = NAN;
  double sum = 0;
  int64_t finite = 0, not_finite = 0;

  void add(std::span<const double> numbers);
  double mean() const { return sum / static_cast<double>(finite); }
};

struct ArraySummary {
  DType dtype = DType::float32;
  Shape shape;
  NumberSummary numbers;
};
// Errors: as the sources of these.
ArraySummary summary_of_npy(const std::string& path, Meter& meter);  // or of a pattern of such
ArraySummary summary_of_npz(const std::string& path, const std::string& array, Meter& meter);

// Of a column whose parts share a dictionary.
class ColumnSummary {
 public:
  void add(const Column& part);
  const NumberSummary& numbers() const { return numbers_; }
  // At most so many codes and their rows, most rows first; of equals the one that came first.
  std::vector<std::pair<int32_t, int64_t>> commonest(std::size_t most) const;

 private:
  NumberSummary numbers_;
  std::vector<int64_t> rows_;  // of each code
};

// The columns of a table that comes in parts, or again from its first row on.
class TableSummary {
 public:
  void add(const Table& part);
  const ColumnSummary& operator[](std::size_t column) const { return columns_[column]; }

 private:
  std::vector<ColumnSummary> columns_;
};

}  // namespace lanewise::cli
