// What kind of column a column is, from its values.
#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "lanewise/data.h"

namespace lanewise {

// Whether float32, which networks compute in, has room for a number; else it counts as infinite.
inline bool is_representable(double value) {
  return std::abs(value) <= static_cast<double>(std::numeric_limits<float>::max());
}

ColumnType infer_type(const Column& column);

// Of texts: the different ones, and how many values are not missing.
ColumnType infer_text_type(std::span<const std::string> dictionary, int64_t present,
                           int64_t missing);

// Of numbers that come a run at a time; NaN where missing. Keeps the values of columns only that
// are named like identifiers and hold whole numbers.
class NumberType {
 public:
  explicit NumberType(const std::string& name);
  void add(std::span<const double> numbers);
  ColumnType type() const;

 private:
  void add_whole(std::span<const double> numbers);
  bool is_identifier() const;
  double low_ = INFINITY, high_ = -INFINITY, last_ = 0;
  int64_t rows_ = 0, missing_ = 0;
  bool bits_ = true, whole_ = true, counting_ = true;
  bool named_like_identifier_;
  std::vector<double> kept_;
};

}  // namespace lanewise
