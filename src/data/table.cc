#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lanewise/data.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

// Levenshtein, J. of Soviet Physics 10(8), 1966.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

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
std::string names_like(std::string_view name, const std::vector<Column>& columns) {
  constexpr std::size_t kShown = 10;
  std::vector<std::string_view> names;
  for (const Column& c : columns) names.push_back(c.name);
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
  std::string near;
  std::size_t nearest = std::max<std::size_t>(2, name.size() / 3) + 1;  // farther is no typo
  for (const Column& c : columns) {
    const std::size_t d = edit_distance(name, c.name);
    if (d < nearest && d < std::max(name.size(), c.name.size())) nearest = d, near = c.name;
  }
  throw DataError(fmt::format("{}: no column is called '{}'{}; there are{}", source, name,
                              near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
                              names_like(name, columns)),
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
