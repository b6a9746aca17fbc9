// What one thread makes of its share of the rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_map>

#include "data/csv_dialect.h"

namespace lanewise::csv {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
inline constexpr std::size_t kNowhere = std::string_view::npos;

// One column within one part of the text.
struct ColumnPart {
  std::vector<double> numbers;
  std::vector<int32_t> codes;
  std::vector<std::string_view> dictionary;
  std::unordered_map<std::string_view, int32_t> code_of;
  int64_t missing = 0, infinite = 0;
  std::size_t first_text = kNowhere, first_infinite = kNowhere;  // offsets of rows

  void add(const Field& field, std::size_t row, bool as_text, const CsvOptions& options) {
    if (as_text) return add_text(field.text, options);
    double value = kMissing;
    if (parse_number(field.text, &value) && std::isfinite(value)) numbers.push_back(value);
    else add_odd(field, row, value, options);
  }

 private:
  void add_text(std::string_view text, const CsvOptions& options) {
    if (is_missing(text, options)) {
      codes.push_back(-1);
      ++missing;
      return;
    }
    const auto [entry, is_new] = code_of.emplace(text, static_cast<int32_t>(dictionary.size()));
    if (is_new) dictionary.push_back(text);
    codes.push_back(entry->second);
  }

  // A field that is no plain number: missing, infinite, or text.
  void add_odd(const Field& field, std::size_t row, double value, const CsvOptions& options) {
    numbers.push_back(kMissing);
    if (std::isnan(value) && !is_missing(field.text, options)) {
      first_text = std::min(first_text, row);
      return;
    }
    ++missing;
    if (!std::isinf(value)) return;
    ++infinite;
    first_infinite = std::min(first_infinite, row);
  }
};

struct Part {
  std::vector<ColumnPart> columns;
  std::deque<std::string> arena;
  int64_t rows = 0;
  std::optional<Problem> problem;
};

}  // namespace lanewise::csv
