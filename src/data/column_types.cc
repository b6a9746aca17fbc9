#include "data/column_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/names.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

struct Row {
  ColumnType value;
  std::string_view name;
};
constexpr Row kTypes[] = {
    {ColumnType::numeric, "numeric"},       {ColumnType::categorical, "categorical"},
    {ColumnType::boolean, "boolean"},       {ColumnType::constant, "constant"},
    {ColumnType::identifier, "identifier"},
};
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

}  // namespace

std::string_view name(ColumnType type) { return row_of(kTypes, type).name; }

ColumnType column_type_from_name(std::string_view wanted) {
  return row_named(kTypes, "column type", wanted).value;
}

ColumnType infer_text_type(std::span<const std::string> dictionary, int64_t present,
                           int64_t missing) {
  const auto distinct = static_cast<int64_t>(dictionary.size());
  if (distinct == 0 || (distinct == 1 && missing == 0)) return ColumnType::constant;
  if (distinct == 2 && std::all_of(dictionary.begin(), dictionary.end(), is_truth_word))
    return ColumnType::boolean;
  const bool nearly_distinct = distinct * 20 >= present * 19;
  return nearly_distinct && present >= kFewestForIdentifier ? ColumnType::identifier
                                                            : ColumnType::categorical;
}

NumberType::NumberType(const std::string& name)
    : named_like_identifier_(lanewise::named_like_identifier(name)) {}

void NumberType::add(std::span<const double> numbers) {
  // A few at a time; what is compared with a NaN stays.
  constexpr std::size_t kLanes = 4;
  double low[kLanes], high[kLanes];
  std::fill_n(low, kLanes, low_);
  std::fill_n(high, kLanes, high_);
  const auto widen = [&](std::size_t lane, double x) {
    low[lane] = x < low[lane] ? x : low[lane];
    high[lane] = x > high[lane] ? x : high[lane];
  };
  std::size_t i = 0;
  for (; i + kLanes <= numbers.size(); i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) widen(lane, numbers[i + lane]);
  for (; i < numbers.size(); ++i) widen(0, numbers[i]);
  low_ = *std::min_element(low, low + kLanes);
  high_ = *std::max_element(high, high + kLanes);
  missing_ += std::count_if(numbers.begin(), numbers.end(), [](double x) { return x != x; });
  // Most columns soon show that they are neither bits nor identifiers.
  bits_ = bits_ && std::all_of(numbers.begin(), numbers.end(),
                               [](double x) { return x == 0 || x == 1 || x != x; });
  whole_ = whole_ &&
           std::all_of(numbers.begin(), numbers.end(), [](double x) { return x == std::floor(x); });
  if (whole_) add_whole(numbers);
  rows_ += static_cast<int64_t>(numbers.size());
}

void NumberType::add_whole(std::span<const double> numbers) {
  for (std::size_t i = 0; i < numbers.size() && counting_; ++i)
    counting_ = (rows_ == 0 && i == 0) || numbers[i] == (i > 0 ? numbers[i - 1] : last_) + 1;
  if (!numbers.empty()) last_ = numbers.back();
  if (named_like_identifier_) kept_.insert(kept_.end(), numbers.begin(), numbers.end());
}

ColumnType NumberType::type() const {
  if (low_ > high_ || (low_ == high_ && missing_ == 0)) return ColumnType::constant;
  if (bits_ && low_ < high_) return ColumnType::boolean;
  return is_identifier() ? ColumnType::identifier : ColumnType::numeric;
}

// Row numbers count up by one; other identifiers say so in their name and never repeat.
bool NumberType::is_identifier() const {
  if (missing_ > 0 || rows_ < kFewestForIdentifier || !whole_) return false;
  if (counting_ || !named_like_identifier_) return counting_;
  std::vector<double> sorted = kept_;
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
}

ColumnType infer_type(const Column& column) {
  if (column.is_text) {
    const auto rows = static_cast<int64_t>(column.codes.size());
    return infer_text_type(column.dictionary, rows - column.missing, column.missing);
  }
  NumberType numbers(column.name);
  numbers.add(column.numbers);
  return numbers.type();
}

}  // namespace lanewise
