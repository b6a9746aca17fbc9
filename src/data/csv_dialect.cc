#include "data/csv_dialect.h"

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <unordered_map>

namespace lanewise::csv {
namespace {

constexpr std::string_view kSeparators = ",;\t|";
constexpr int kSampledLines = 20;

bool is_blank(char c, char separator) { return (c == ' ' || c == '\t') && c != separator; }

std::string_view trimmed(std::string_view s, char separator) {
  while (!s.empty() && is_blank(s.front(), separator)) s.remove_prefix(1);
  while (!s.empty() && (is_blank(s.back(), separator) || s.back() == '\r')) s.remove_suffix(1);
  return s;
}

// How often each candidate stands outside quotes, a row of counts a line.
std::vector<std::vector<int>> count_separators(std::string_view text) {
  std::vector<std::vector<int>> lines(1, std::vector<int>(kSeparators.size()));
  bool quoted = false;
  for (char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n') {
      if (static_cast<int>(lines.size()) == kSampledLines) break;
      lines.emplace_back(kSeparators.size());
    } else if (const auto k = kSeparators.find(c); k != std::string_view::npos) {
      ++lines.back()[k];
    }
  }
  if (lines.size() > 1) lines.pop_back();  // may have been cut off
  return lines;
}

// The candidate that stands equally often in most lines.
char detect_separator(std::string_view text) {
  const auto lines = count_separators(text.substr(0, 1 << 16));
  char best = ',';
  int best_score = 0;
  for (std::size_t k = 0; k < kSeparators.size(); ++k) {
    const int first = lines[0][k];
    if (first == 0) continue;
    const auto agreeing = std::count_if(
        lines.begin(), lines.end(), [&](const std::vector<int>& line) { return line[k] == first; });
    const int score = static_cast<int>(agreeing) * 1000 + std::min(first, 999);
    if (score > best_score) best_score = score, best = kSeparators[k];
  }
  return best;
}

// Calls f with where each row from `begin` on ends. Quotes can hold newlines, so that rows have to
// be followed from the start.
template <class F>
void for_each_row_end(std::string_view text, std::size_t begin, char separator, F f) {
  bool quoted = false, at_field_start = true;
  for (std::size_t at = begin; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      quoted = c != '"';
    } else if (c == '"' && (at_field_start || text[at - 1] == '"')) {
      quoted = true;
    } else if (c == '\n') {
      f(at + 1);
    }
    at_field_start =
        !quoted && (c == separator || c == '\n' || (at_field_start && is_blank(c, separator)));
  }
}

void check_names(const std::vector<std::string>& names) {
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (const auto [entry, is_new] = seen.emplace(names[i], i); !is_new)
      throw Problem{0, fmt::format("columns {} and {} are both called '{}'; rename one of them",
                                   entry->second + 1, i + 1, names[i])};
}

}  // namespace

void RowReader::skip_blank_lines() {
  for (;;) {
    std::size_t at = at_;
    while (at < text_.size() && (is_blank(text_[at], separator_) || text_[at] == '\r')) ++at;
    if (at < text_.size() && text_[at] != '\n') return;
    at_ = std::min(at + 1, text_.size());
    if (at_ == text_.size()) return;
  }
}

// Steps over the separator or the end of the line behind a field.
void RowReader::end_field(bool* last) {
  *last = at_ >= text_.size() || text_[at_] == '\n';
  ++at_;
}

Field RowReader::next(bool* last) {
  std::size_t start = at_;
  while (start < text_.size() && is_blank(text_[start], separator_)) ++start;
  if (start < text_.size() && text_[start] == '"') {
    at_ = start;
    return quoted(last);
  }
  const char* p = text_.data() + at_;
  const char* const end = text_.data() + text_.size();
  while (p < end && *p != separator_ && *p != '\n') ++p;
  const std::string_view field(text_.data() + at_,
                               static_cast<std::size_t>(p - text_.data()) - at_);
  at_ = static_cast<std::size_t>(p - text_.data());
  end_field(last);
  return {trimmed(field, separator_), false};
}

bool RowReader::next_number(double* value, bool* last) {
  const char* const first = text_.data() + at_;
  const char* const end = text_.data() + text_.size();
  if (first == end || !((*first >= '0' && *first <= '9') || *first == '-')) return false;
  const auto [stop, error] = fast_float::from_chars(first, end, *value);
  if (error != std::errc() || (stop != end && *stop != separator_ && *stop != '\n') ||
      !std::isfinite(*value))
    return false;
  at_ = static_cast<std::size_t>(stop - text_.data());
  end_field(last);
  return true;
}

Field RowReader::quoted(bool* last) {
  const std::size_t open = at_++;
  std::string_view content;
  std::string* unescaped = nullptr;
  for (std::size_t start = at_;;) {
    const std::size_t close = text_.find('"', at_);
    if (close == std::string_view::npos)
      throw Problem{open, "a quote is opened here and never closed"};
    const bool doubled = close + 1 < text_.size() && text_[close + 1] == '"';
    if (doubled || unescaped) {
      if (!unescaped) unescaped = &arena_.emplace_back();
      unescaped->append(text_.substr(start, close - start + (doubled ? 1 : 0)));
      content = *unescaped;
    } else {
      content = text_.substr(start, close - start);
    }
    at_ = start = close + (doubled ? 2 : 1);
    if (!doubled) break;
  }
  while (at_ < text_.size() && (is_blank(text_[at_], separator_) || text_[at_] == '\r')) ++at_;
  if (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n')
    throw Problem{at_, "text follows a closing quote; double a quote inside a quoted field"};
  end_field(last);
  return {content, true};
}

bool is_missing(std::string_view field, const CsvOptions& options) {
  for (const std::string& word : options.missing)
    if (field == word) return true;
  return false;
}

bool parse_number(std::string_view field, double* value) {
  const char* first = field.data();
  const char* const last = first + field.size();
  if (first != last && *first == '+') ++first;
  if (first == last || (first != field.data() && *first == '-')) return false;
  const auto [end, error] = fast_float::from_chars(first, last, *value);
  return end == last && (error == std::errc() || error == std::errc::result_out_of_range);
}

Dialect detect(std::string_view text, const CsvOptions& options) {
  Dialect d;
  d.separator = options.separator ? options.separator : detect_separator(text);
  std::deque<std::string> arena;
  RowReader reader(text, d.separator, arena);
  reader.skip_blank_lines();
  if (reader.done()) throw Problem{0, "the file is empty"};
  d.body = reader.offset();
  bool numeric = false;
  for (bool last = false; !last;) {
    const Field field = reader.next(&last);
    double value;
    numeric |= !field.quoted && parse_number(field.text, &value);
    d.names.emplace_back(field.text);
  }
  d.header = options.header.value_or(!numeric);
  for (std::size_t i = 0; i < d.names.size(); ++i)
    if (!d.header || d.names[i].empty()) d.names[i] = fmt::format("column_{}", i + 1);
  if (d.header) d.body = std::min(reader.offset(), text.size());
  check_names(d.names);
  return d;
}

std::vector<std::size_t> cut(std::string_view text, std::size_t begin, char separator, int pieces) {
  std::vector<std::size_t> starts = {begin};
  const std::size_t step =
      std::max<std::size_t>((text.size() - begin) / static_cast<std::size_t>(pieces), 1 << 16);
  if (text.find('"', begin) == std::string_view::npos) {
    while (starts.back() < text.size()) {
      const std::size_t from = starts.back() + step;
      const std::size_t newline =
          from < text.size() ? text.find('\n', from) : std::string_view::npos;
      starts.push_back(newline == std::string_view::npos ? text.size() : newline + 1);
    }
    return starts;
  }
  for_each_row_end(text, begin, separator, [&](std::size_t end) {
    if (end >= starts.back() + step) starts.push_back(end);
  });
  if (starts.back() != text.size() || starts.size() == 1) starts.push_back(text.size());
  return starts;
}

std::size_t last_row_end(std::string_view text, std::size_t begin, char separator) {
  std::size_t last = begin;
  if (text.find('"', begin) == std::string_view::npos) {
    const std::size_t newline = text.rfind('\n');
    if (newline != std::string_view::npos) last = std::max(last, newline + 1);
  } else {
    for_each_row_end(text, begin, separator, [&](std::size_t end) { last = end; });
  }
  return last;
}

}  // namespace lanewise::csv
