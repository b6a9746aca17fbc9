// What one thread makes of its share of the rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_map>

#include "data/column_types.h"
#include "data/csv_dialect.h"

namespace lanewise::csv {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
inline constexpr std::size_t kNowhere = std::string_view::npos;

// Values that users hear of.
struct Oddities {
  int64_t count = 0;
  std::size_t first = kNowhere;  // offset of its row
  void add(bool is_one, std::size_t row) {
    if (!is_one) return;
    ++count;
    first = std::min(first, row);
  }
};

// One column within one part of the text.
struct ColumnPart {
  std::vector<double> numbers;
  std::vector<int32_t> codes;
  std::vector<std::string_view> dictionary;
  std::unordered_map<std::string_view, int32_t> code_of;
  int64_t missing = 0;
  std::size_t first_text = kNowhere;  // offset of its row
  Oddities infinite, rounded;

  void add(const Field& field, std::size_t row, bool as_text, const MissingValues& missing_values) {
    if (as_text) return add_text(field.text, missing_values);
    double value;
    if (!parse_number(field.text, &value)) return add_no_number(field, row, missing_values);
    if (missing_values.holds(value)) add_missing();
    else if (is_plain(value)) numbers.push_back(value);
    else add_large(field, row, value);
  }

 private:
  void add_text(std::string_view text, const MissingValues& missing_values) {
    if (missing_values.holds(text)) {
      codes.push_back(-1);
      ++missing;
      return;
    }
    const auto [entry, is_new] = code_of.emplace(text, static_cast<int32_t>(dictionary.size()));
    if (is_new) dictionary.push_back(text);
    codes.push_back(entry->second);
  }

  void add_missing() {
    numbers.push_back(kMissing);
    ++missing;
  }

  void add_no_number(const Field& field, std::size_t row, const MissingValues& missing_values) {
    if (missing_values.holds(field.text)) return add_missing();
    numbers.push_back(kMissing);
    first_text = std::min(first_text, row);
  }

  // A number that is not plain.
  void add_large(const Field& field, std::size_t row, double value) {
    if (is_representable(value)) {
      numbers.push_back(value);
      return rounded.add(is_rounded(field.text, value), row);
    }
    add_missing();
    infinite.add(!std::isnan(value), row);
  }
};

struct Part {
  std::vector<ColumnPart> columns;
  std::deque<std::string> arena;
  int64_t rows = 0;
  std::optional<Problem> problem;
};

}  // namespace lanewise::csv
