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
  enum class In : uint8_t { field_start, plain, quotes, closed_quotes } in = In::field_start;
  for (std::size_t at = begin; at < text.size(); ++at) {
    const char c = text[at];
    if (in == In::quotes) {
      if (c == '"') in = In::closed_quotes;
    } else if (c == '"' && in != In::plain) {
      in = In::quotes;  // doubled ones close and open again
    } else if (c == '\n') {
      in = In::field_start;
      f(at + 1);
    } else if (c == separator) {
      in = In::field_start;
    } else if (in != In::field_start || !is_blank(c, separator)) {
      in = In::plain;
    }
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
      !is_plain(*value))
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

MissingValues::MissingValues(const std::vector<std::string>& texts) : texts_(texts) {
  for (const std::string& text : texts)
    if (double number; parse_number(text, &number) && !std::isnan(number))
      numbers_.push_back(number);
}
bool MissingValues::holds(std::string_view field) const {
  return std::find(texts_.begin(), texts_.end(), field) != texts_.end();
}
bool MissingValues::holds(double number) const {
  return std::find(numbers_.begin(), numbers_.end(), number) != numbers_.end();
}

bool parse_number(std::string_view field, double* value) {
  const char* first = field.data();
  const char* const last = first + field.size();
  if (first != last && *first == '+') ++first;
  if (first == last || (first != field.data() && *first == '-')) return false;
  double parsed;
  const auto [end, error] = fast_float::from_chars(first, last, parsed);
  if (end != last || (error != std::errc() && error != std::errc::result_out_of_range))
    return false;
  *value = parsed;
  return true;
}

bool is_rounded(std::string_view field, double value) {
  if (field.starts_with('+')) field.remove_prefix(1);
  const bool whole = field.find_first_not_of("-0123456789") == std::string_view::npos;
  return whole && fmt::format("{:.0f}", value) != field;
}

namespace {

std::vector<Field> read_row(RowReader& reader) {
  std::vector<Field> row;
  reader.skip_blank_lines();
  for (bool last = reader.done(); !last;) row.push_back(reader.next(&last));
  return row;
}

bool is_number(const Field& field) {
  double value;
  return !field.quoted && parse_number(field.text, &value) && std::isfinite(value);
}

bool has_letter(const Field& field) {
  return std::any_of(field.text.begin(), field.text.end(), [](char c) {
    return std::isalpha(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80;
  });
}

// The row may go on behind the text that is there.
std::vector<Field> read_row_if_whole(RowReader& reader) {
  try {
    return read_row(reader);
  } catch (const Problem&) {
    return {};
  }
}

// Whether the first row holds names, not data. Names may be numbers, as years and those that
// pandas gives: then the row is told by names that are known, by a word above a number, or by
// counting from 0 beside a word.
bool is_header(const std::vector<Field>& first, const std::vector<Field>& second,
               const CsvOptions& options) {
  const auto is_there = [&](const std::string& name) {
    return std::any_of(first.begin(), first.end(),
                       [&](const Field& field) { return field.text == name; });
  };
  if (!options.known.empty() && std::all_of(options.known.begin(), options.known.end(), is_there))
    return true;
  if (std::none_of(first.begin(), first.end(), is_number)) return true;
  const MissingValues missing(options.missing);
  bool counts = true, words = false;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const bool number = is_number(first[i]);
    const bool word = !number && has_letter(first[i]) && !missing.holds(first[i].text);
    if (word && i < second.size() && is_number(second[i])) return true;
    counts = counts && (!number || first[i].text == fmt::format("{}", i));
    words |= word;
  }
  return counts && words && is_number(first[0]);
}

}  // namespace

Dialect detect(std::string_view text, const CsvOptions& options) {
  Dialect d;
  d.separator = options.separator ? options.separator : detect_separator(text);
  std::deque<std::string> arena;
  RowReader reader(text, d.separator, arena);
  reader.skip_blank_lines();
  if (reader.done()) throw Problem{0, "the file is empty"};
  d.body = reader.offset();
  const std::vector<Field> first = read_row(reader);
  const std::size_t behind = reader.offset();
  for (const Field& field : first) d.names.emplace_back(field.text);
  d.header =
      options.header ? *options.header : is_header(first, read_row_if_whole(reader), options);
  for (std::size_t i = 0; i < d.names.size(); ++i)
    if (!d.header || d.names[i].empty()) d.names[i] = fmt::format("column_{}", i + 1);
  if (d.header) d.body = std::min(behind, text.size());
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
