#include "data/csv_parser.h"

#include <fmt/format.h>

#include "base/thread_pool.h"
#include "base/utf8.h"
#include "data/csv_part.h"
#include "lanewise/error.h"

namespace lanewise::csv {
namespace {

void check_no_nul(std::string_view text) {
  if (const auto nul = text.find('\0'); nul != kNowhere)
    throw Problem{nul, "a NUL byte: this is not a text file, or it is damaged"};
}

// Models and results are UTF-8: other bytes would come back changed.
void check_utf8(std::string_view text, std::size_t begin, std::size_t end) {
  const std::size_t at = first_not_utf8(text.substr(begin, end - begin));
  if (at == kNowhere) return;
  throw Problem{begin + at,
                fmt::format("byte 0x{:02x} is not UTF-8; save the file as UTF-8, as by iconv -f "
                            "latin1 -t utf-8",
                            static_cast<unsigned char>(text[begin + at]))};
}

struct Compression {
  std::string_view magic, name, command;
};
constexpr Compression kCompressions[] = {{"\x1f\x8b", "gzip", "gunzip"},
                                         {"PK\x03\x04", "zip", "unzip"},
                                         {"\xfd"
                                          "7zXZ",
                                          "xz", "unxz"},
                                         {"\x28\xb5\x2f\xfd", "zstd", "unzstd"}};

void refuse_compressed(std::string_view text) {
  for (const Compression& c : kCompressions)
    if (text.starts_with(c.magic))
      throw Problem{0,
                    fmt::format("the file is compressed by {0}; {1} it first", c.name, c.command)};
}

}  // namespace

std::string_view Parser::without_mark(std::string_view text) const {
  if (lines_ == 0 && text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text;
}

void Parser::begin(std::string_view text) {
  text = without_mark(text);
  try {
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
      throw Problem{0, "the file is UTF-16; save it as UTF-8"};
    refuse_compressed(text);
    check_no_nul(text);
    if (text.find('\n') == kNowhere && text.find('\r') != kNowhere)
      throw Problem{0, "lines end in CR alone; save it with LF or CRLF"};
    dialect_ = detect(text, options_);
    check_utf8(text, 0, dialect_.body);
  } catch (const Problem& problem) {
    fail(problem, text);
  }
  for (const std::string& name : dialect_.names) as_text_.push_back(wanted_as_text(name));
  seen_.resize(dialect_.names.size());
}

std::size_t Parser::rows_end(std::string_view text) const {
  const std::string_view rows = without_mark(text);
  const std::size_t body = lines_ == 0 ? dialect_.body : 0;
  const std::size_t end = last_row_end(rows, std::min(body, rows.size()), dialect_.separator);
  return end > body ? end + (text.size() - rows.size()) : 0;
}

Table Parser::parse(std::string_view text) {
  text = without_mark(text);
  const std::size_t body = lines_ == 0 ? dialect_.body : 0;
  try {
    check_no_nul(text);
  } catch (const Problem& problem) {
    fail(problem, text);
  }
  std::vector<Part> parts = parse_parts(text, body);
  if (find_text_columns(parts, text)) parts = parse_parts(text, body);
  Table table = join(parts);
  count(parts, table, text);
  lines_ += std::count(text.begin(), text.end(), '\n');
  rows_ += table.rows;
  return table;
}

void Parser::fail(const Problem& problem, std::string_view text) const {
  const int64_t line = line_of(problem.offset, text);
  throw DataError(fmt::format("{}: line {}: {}", source_, line, problem.text), source_, line);
}

int64_t Parser::line_of(std::size_t offset, std::string_view text) const {
  const std::string_view before = text.substr(0, offset);
  return lines_ + 1 + std::count(before.begin(), before.end(), '\n');
}

bool Parser::wanted_as_text(const std::string& name) const {
  const auto type = options_.types.find(name);
  if (type != options_.types.end() && type->second == ColumnType::categorical) return true;
  return std::find(options_.as_text.begin(), options_.as_text.end(), name) !=
         options_.as_text.end();
}

std::vector<Part> Parser::parse_parts(std::string_view text, std::size_t body) const {
  const std::vector<std::size_t> starts = cut(text, body, dialect_.separator, 4 * thread_count());
  std::vector<Part> parts(starts.size() - 1);
  parallel_for(static_cast<int64_t>(parts.size()), 1, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) try {
        parse_part(text.substr(0, starts[i + 1]), starts[i], parts[i]);
      } catch (const Problem& problem) {
        parts[i].problem = problem;
      }
  });
  for (const Part& part : parts)
    if (part.problem) fail(*part.problem, text);
  return parts;
}

void Parser::parse_part(std::string_view text, std::size_t begin, Part& part) const {
  check_utf8(text, begin, text.size());
  part.columns.resize(dialect_.names.size());
  const bool takes_all_numbers = !missing_.has_numbers();
  RowReader reader(text, dialect_.separator, part.arena);
  reader.seek(begin);
  for (reader.skip_blank_lines(); !reader.done(); reader.skip_blank_lines()) {
    const std::size_t row = reader.offset();
    std::size_t c = 0;
    for (bool last = false; !last; ++c) {
      double number;
      if (takes_all_numbers && c < part.columns.size() && !as_text_[c] &&
          reader.next_number(&number, &last)) {
        part.columns[c].numbers.push_back(number);
        continue;
      }
      const Field field = reader.next(&last);
      if (c < part.columns.size()) part.columns[c].add(field, row, as_text_[c], missing_);
    }
    if (c != part.columns.size())
      throw Problem{row,
                    fmt::format("{} {} here, {} expected{}", c, c == 1 ? "field" : "fields",
                                part.columns.size(), dialect_.header ? " as in the header" : "")};
    if (++part.rows > 1) continue;
    // Room for as many rows as there would be if all were as long as the first.
    const std::size_t rows = (text.size() - begin) / (reader.offset() - row) + 1;
    for (std::size_t k = 0; k < part.columns.size(); ++k)
      if (!as_text_[k]) part.columns[k].numbers.reserve(rows);
  }
}

// Marks columns that hold text; true where there are new ones.
bool Parser::find_text_columns(const std::vector<Part>& parts, std::string_view text) {
  bool found = false;
  for (std::size_t c = 0; c < as_text_.size(); ++c) {
    std::size_t first = kNowhere;
    for (const Part& part : parts) first = std::min(first, part.columns[c].first_text);
    if (first == kNowhere) continue;
    const auto type = options_.types.find(dialect_.names[c]);
    if (type != options_.types.end() && type->second == ColumnType::numeric)
      fail({first,
            fmt::format("column '{}' was declared numeric but holds text here", dialect_.names[c])},
           text);
    seen_[c].first_text = line_of(first, text);
    as_text_[c] = seen_[c].turned = found = true;
  }
  return found;
}

Table Parser::join(const std::vector<Part>& parts) const {
  Table table;
  table.source = source_;
  table.named = dialect_.header;
  table.missing_texts = options_.missing;
  table.first_row = rows_;
  for (const Part& part : parts) table.rows += part.rows;
  table.columns.resize(dialect_.names.size());
  parallel_for(static_cast<int64_t>(table.columns.size()), 1, [&](int64_t begin, int64_t end) {
    for (auto c = static_cast<std::size_t>(begin); c < static_cast<std::size_t>(end); ++c)
      table.columns[c] = join_column(parts, c, table.rows);
  });
  return table;
}

Column Parser::join_column(const std::vector<Part>& parts, std::size_t c, int64_t rows) const {
  Column column;
  column.name = dialect_.names[c];
  column.is_text = as_text_[c];
  const auto type = options_.types.find(column.name);
  const ColumnType undeclared = column.is_text ? ColumnType::categorical : ColumnType::numeric;
  column.type = type != options_.types.end() ? type->second : undeclared;
  std::unordered_map<std::string_view, int32_t> code_of;
  std::vector<std::string_view> words;
  (column.is_text ? column.codes.reserve(static_cast<std::size_t>(rows))
                  : column.numbers.reserve(static_cast<std::size_t>(rows)));
  for (const Part& part : parts) {
    const ColumnPart& from = part.columns[c];
    column.missing += from.missing;
    column.numbers.insert(column.numbers.end(), from.numbers.begin(), from.numbers.end());
    std::vector<int32_t> recoded;
    for (std::string_view word : from.dictionary) {
      const auto [entry, is_new] = code_of.emplace(word, static_cast<int32_t>(words.size()));
      if (is_new) words.push_back(word);
      recoded.push_back(entry->second);
    }
    for (int32_t code : from.codes)
      column.codes.push_back(code < 0 ? -1 : recoded[static_cast<std::size_t>(code)]);
  }
  column.dictionary.assign(words.begin(), words.end());
  return column;
}

void Parser::count(const std::vector<Part>& parts, const Table& table, std::string_view text) {
  for (std::size_t c = 0; c < seen_.size(); ++c) {
    Seen& seen = seen_[c];
    const auto add = [&](Oddities ColumnPart::*kind, Seen::Oddities* all) {
      Oddities here;
      for (const Part& part : parts) {
        here.count += (part.columns[c].*kind).count;
        here.first = std::min(here.first, (part.columns[c].*kind).first);
      }
      all->count += here.count;
      if (here.count > 0 && all->first == 0) all->first = line_of(here.first, text);
    };
    add(&ColumnPart::infinite, &seen.infinite);
    add(&ColumnPart::rounded, &seen.rounded);
    count_numbers(seen, table.columns[c], table.rows);
  }
}

void Parser::count_numbers(Seen& seen, const Column& column, int64_t rows) const {
  if (!column.is_text) {
    seen.numbers += rows - column.missing;
  } else if (seen.turned) {
    std::vector<char> is_number;
    for (const std::string& word : column.dictionary) {
      double value;
      is_number.push_back(parse_number(word, &value) && is_representable(value));
    }
    for (int32_t code : column.codes)
      seen.numbers += code >= 0 && is_number[static_cast<std::size_t>(code)];
  }
}

std::vector<std::string> Parser::warnings() const {
  std::vector<std::string> all;
  for (std::size_t c = 0; c < seen_.size(); ++c) {
    // A single typo can turn a numeric column to text: that must not pass silently.
    if (seen_[c].turned && 2 * seen_[c].numbers >= rows_)
      all.push_back(
          fmt::format("column '{}' is taken as text: {} of {} values are numbers, but line "
                      "{} isn't; repair it, or declare what stands for a missing value",
                      dialect_.names[c], seen_[c].numbers, rows_, seen_[c].first_text));
  }
  for (std::size_t c = 0; c < seen_.size(); ++c) {
    const auto& [numbers, first_text, infinite, rounded, turned] = seen_[c];
    if (turned) continue;
    if (infinite.count > 0)
      all.push_back(fmt::format(
          "column '{}' is infinite or exceeds float32 (3.4e38) in {} values, the first in line {}; "
          "they count as missing",
          dialect_.names[c], infinite.count, infinite.first));
    if (rounded.count > 0)
      all.push_back(fmt::format(
          "column '{}' has whole numbers of more digits than float64 holds, {} rounded, the first "
          "in line {}; different ones may become equal: declare them categorical (--type)",
          dialect_.names[c], rounded.count, rounded.first));
  }
  return all;
}

}  // namespace lanewise::csv
