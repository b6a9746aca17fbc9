#include "data/column_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "lanewise/error.h"

namespace lanewise {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"numeric", "categorical", "boolean", "constant",
                                                    "identifier"};
// Fewer rows say nothing about whether values are all distinct by design.
constexpr int64_t kFewestForIdentifier = 20;

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool is_truth_word(std::string_view word) {
  static constexpr std::string_view kWords[] = {"true", "false", "yes", "no", "t", "f", "y", "n"};
  const std::string low = lower(word);
  return std::find(std::begin(kWords), std::end(kWords), low) != std::end(kWords);
}

bool named_like_identifier(std::string_view name) {
  const std::string low = lower(name);
  return low == "id" || low == "index" || low == "rowid" || low == "row" || low == "uuid" ||
         low.ends_with("_id") || low.starts_with("id_") || low.ends_with(" id") ||
         low == "unnamed: 0";
}

ColumnType text_type(const Column& column) {
  const int64_t present = static_cast<int64_t>(column.codes.size()) - column.missing;
  const int64_t distinct = static_cast<int64_t>(column.dictionary.size());
  if (distinct == 0 || (distinct == 1 && column.missing == 0)) return ColumnType::constant;
  if (distinct == 2 &&
      std::all_of(column.dictionary.begin(), column.dictionary.end(), is_truth_word))
    return ColumnType::boolean;
  const bool nearly_distinct = distinct * 20 >= present * 19;
  return nearly_distinct && present >= kFewestForIdentifier ? ColumnType::identifier
                                                            : ColumnType::categorical;
}

// Row numbers count up by one; other identifiers say so in their name and never repeat.
bool is_number_identifier(const Column& column) {
  const std::vector<double>& x = column.numbers;
  if (column.missing > 0 || static_cast<int64_t>(x.size()) < kFewestForIdentifier) return false;
  if (!std::all_of(x.begin(), x.end(), [](double value) { return value == std::floor(value); }))
    return false;
  bool counting = true;
  for (std::size_t i = 1; i < x.size() && counting; ++i) counting = x[i] == x[i - 1] + 1;
  if (counting) return true;
  if (!named_like_identifier(column.name)) return false;
  std::vector<double> sorted = x;
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
}

ColumnType number_type(const Column& column) {
  double low = INFINITY, high = -INFINITY;
  bool bits = true;
  for (double x : column.numbers) {
    if (std::isnan(x)) continue;
    low = std::min(low, x);
    high = std::max(high, x);
    bits &= x == 0 || x == 1;
  }
  if (low > high || (low == high && column.missing == 0)) return ColumnType::constant;
  if (bits && low < high) return ColumnType::boolean;
  return is_number_identifier(column) ? ColumnType::identifier : ColumnType::numeric;
}

}  // namespace

std::string_view name(ColumnType type) { return kNames[static_cast<std::size_t>(type)]; }

ColumnType column_type_from_name(std::string_view wanted) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == wanted) return static_cast<ColumnType>(i);
  throw ValueError(
      fmt::format("no column type is called '{}'; there are: {}", wanted, fmt::join(kNames, ", ")));
}

ColumnType infer_type(const Column& column) {
  return column.is_text ? text_type(column) : number_type(column);
}

}  // namespace lanewise
