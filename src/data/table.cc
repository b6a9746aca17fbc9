#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/spelling.h"
#include "lanewise/data.h"
#include "lanewise/error.h"

namespace lanewise {
void Column::append(double number_or_code) {
  if (!is_text) numbers.push_back(number_or_code);
  else codes.push_back(std::isnan(number_or_code) ? -1 : static_cast<int32_t>(number_or_code));
}

std::string Column::text(int64_t row) const {
  const auto i = static_cast<std::size_t>(row);
  if (is_text) return codes[i] < 0 ? std::string() : dictionary[static_cast<std::size_t>(codes[i])];
  return std::isnan(numbers[i]) ? std::string() : fmt::format("{}", numbers[i]);
}

const Column* Table::find(std::string_view name) const {
  for (const Column& c : columns)
    if (c.name == name) return &c;
  return nullptr;
}

namespace {

// ": a, b, c"; of many their count and the nearest.
std::string names_like(std::string_view name, std::vector<std::string> names) {
  constexpr std::size_t kShown = 10;
  if (names.size() <= kShown) return fmt::format(": {}", fmt::join(names, ", "));
  std::stable_sort(names.begin(), names.end(), [name](std::string_view a, std::string_view b) {
    return edit_distance(name, a) < edit_distance(name, b);
  });
  return fmt::format(" {}, the nearest: {}", names.size(),
                     fmt::join(names.begin(), names.begin() + kShown, ", "));
}

}  // namespace

const Column& Table::column(std::string_view name) const {
  if (const Column* found = find(name)) return *found;
  std::vector<std::string> names;
  for (const Column& c : columns) names.push_back(c.name);
  const std::string* near = nearest_word(name, names);
  throw DataError(
      fmt::format("{}: no column is called '{}'{}; there are{}", source, name,
                  near ? fmt::format(" (did you mean '{}'?)", *near) : "", names_like(name, names)),
      source);
}

void Table::check_rows(std::span<const int64_t> chosen) const {
  for (int64_t row : chosen)
    if (row < 0 || row >= rows)
      throw IndexError(fmt::format("{}: row {} of a table of {} rows", source, row, rows));
}

Table Table::select_rows(std::span<const int64_t> chosen) const {
  check_rows(chosen);
  Table out;
  out.rows = static_cast<int64_t>(chosen.size());
  out.first_row = first_row;
  out.source = source;
  out.named = named;
  out.missing_texts = missing_texts;
  for (const Column& c : columns) {
    Column& to = out.columns.emplace_back();
    to.name = c.name;
    to.type = c.type;
    to.is_text = c.is_text;
    to.dictionary = c.dictionary;
    for (int64_t row : chosen) {
      const auto i = static_cast<std::size_t>(row);
      if (c.is_text) to.codes.push_back(c.codes[i]);
      else to.numbers.push_back(c.numbers[i]);
      to.missing += c.is_text ? c.codes[i] < 0 : std::isnan(c.numbers[i]);
    }
  }
  return out;
}

}  // namespace lanewise
