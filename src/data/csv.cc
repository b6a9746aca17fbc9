// A CSV file becomes a Table: find the dialect, cut the text at row borders,
// parse the parts on all threads, join them. Every column is tried as numbers;
// where a part meets text the whole is parsed again with that column as text.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "base/thread_pool.h"
#include "data/column_types.h"
#include "data/csv_dialect.h"
#include "io/file.h"

namespace lanewise {
namespace {

using csv::Dialect;
using csv::Field;
using csv::Problem;
using csv::RowReader;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kNowhere = std::string_view::npos;

// One column within one part of the file.
struct ColumnPart {
  std::vector<double> numbers;
  std::vector<int32_t> codes;
  std::vector<std::string_view> dictionary;
  std::unordered_map<std::string_view, int32_t> code_of;
  int64_t missing = 0, infinite = 0;
  std::size_t first_text = kNowhere, first_infinite = kNowhere;  // offsets of rows

  void add_text(std::string_view text) {
    const auto [entry, is_new] = code_of.emplace(text, static_cast<int32_t>(dictionary.size()));
    if (is_new) dictionary.push_back(text);
    codes.push_back(entry->second);
  }
};

struct Part {
  std::vector<ColumnPart> columns;
  std::deque<std::string> arena;
  int64_t rows = 0;
  std::optional<Problem> problem;
};

class CsvParser {
 public:
  CsvParser(std::string_view text, const CsvOptions& options, const std::string& source)
      : text_(text), options_(options), source_(source) {}

  Table run() {
    try {
      check_bytes();
      dialect_ = csv::detect(text_, options_);
    } catch (const Problem& problem) {
      fail(problem);
    }
    starts_ = csv::cut(text_, dialect_.body, dialect_.separator, 4 * thread_count());
    as_text_.resize(dialect_.names.size());
    for (std::size_t c = 0; c < as_text_.size(); ++c)
      as_text_[c] = wanted_as_text(dialect_.names[c]);
    parse();
    if (find_text_columns()) parse();
    return join();
  }

 private:
  void check_bytes() {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
    if (text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff"))
      throw Problem{0, "the file is UTF-16; save it as UTF-8"};
    if (const auto nul = text_.find('\0'); nul != kNowhere)
      throw Problem{nul, "a NUL byte: this is not a text file, or it is damaged"};
    if (text_.find('\n') == kNowhere && text_.find('\r') != kNowhere)
      throw Problem{0, "lines end in CR alone; save it with LF or CRLF"};
  }

  [[noreturn]] void fail(const Problem& problem) const {
    const int64_t line = line_of(problem.offset);
    throw DataError(fmt::format("{}: line {}: {}", source_, line, problem.text), source_, line);
  }

  int64_t line_of(std::size_t offset) const {
    return 1 +
           std::count(text_.begin(),
                      text_.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text_.size())),
                      '\n');
  }

  bool wanted_as_text(const std::string& name) const {
    const auto type = options_.types.find(name);
    if (type != options_.types.end() && type->second == ColumnType::categorical) return true;
    return std::find(options_.as_text.begin(), options_.as_text.end(), name) !=
           options_.as_text.end();
  }

  void parse() {
    parts_.clear();
    parts_.resize(starts_.size() - 1);
    parallel_for(static_cast<int64_t>(parts_.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        Part& part = parts_[static_cast<std::size_t>(i)];
        try {
          parse_part(starts_[i], starts_[i + 1], part);
        } catch (const Problem& problem) {
          part.problem = problem;
        }
      }
    });
    for (const Part& part : parts_)
      if (part.problem) fail(*part.problem);
  }

  void parse_part(std::size_t begin, std::size_t end, Part& part) const {
    part.columns.resize(dialect_.names.size());
    RowReader reader(text_.substr(0, end), dialect_.separator, part.arena);
    reader.seek(begin);
    for (reader.skip_blank_lines(); !reader.done(); reader.skip_blank_lines()) {
      const std::size_t row = reader.offset();
      std::size_t c = 0;
      for (bool last = false; !last; ++c) {
        double number;
        if (c < part.columns.size() && !as_text_[c] && reader.next_number(&number, &last)) {
          part.columns[c].numbers.push_back(number);
          continue;
        }
        const Field field = reader.next(&last);
        if (c < part.columns.size()) add(field, row, as_text_[c], part.columns[c]);
      }
      if (c != part.columns.size())
        throw Problem{row,
                      fmt::format("{} {} here, {} expected{}", c, c == 1 ? "field" : "fields",
                                  part.columns.size(), dialect_.header ? " as in the header" : "")};
      if (++part.rows == 1) reserve(part, (end - begin) / (reader.offset() - row) + 1);
    }
  }

  // Room for as many rows as there would be if all were as long as the first.
  void reserve(Part& part, std::size_t rows) const {
    for (std::size_t c = 0; c < part.columns.size(); ++c)
      if (!as_text_[c]) part.columns[c].numbers.reserve(rows);
  }

  void add(const Field& field, std::size_t row, bool as_text, ColumnPart& column) const {
    if (as_text) {
      if (csv::is_missing(field.text, options_)) {
        column.codes.push_back(-1);
        ++column.missing;
      } else {
        column.add_text(field.text);
      }
      return;
    }
    double value = kMissing;
    if (csv::parse_number(field.text, &value) && std::isfinite(value)) {
      column.numbers.push_back(value);
    } else {
      add_odd(field, row, value, column);
    }
  }

  // A field that is no plain number: missing, infinite, or text.
  void add_odd(const Field& field, std::size_t row, double value, ColumnPart& column) const {
    column.numbers.push_back(kMissing);
    if (std::isnan(value) && !csv::is_missing(field.text, options_)) {
      column.first_text = std::min(column.first_text, row);
      return;
    }
    ++column.missing;
    if (!std::isinf(value)) return;
    ++column.infinite;
    column.first_infinite = std::min(column.first_infinite, row);
  }

  // Marks columns that hold text; true where there are new ones.
  bool find_text_columns() {
    bool found = false;
    for (std::size_t c = 0; c < as_text_.size(); ++c) {
      std::size_t first = kNowhere;
      for (const Part& part : parts_) first = std::min(first, part.columns[c].first_text);
      if (first == kNowhere) continue;
      const auto type = options_.types.find(dialect_.names[c]);
      if (type != options_.types.end() && type->second == ColumnType::numeric)
        fail({first, fmt::format("column '{}' was declared numeric but holds text here",
                                 dialect_.names[c])});
      warn_if_mostly_numbers(c, first);
      as_text_[c] = found = true;
    }
    return found;
  }

  // A single typo can turn a numeric column to text: that must not pass silently.
  void warn_if_mostly_numbers(std::size_t c, std::size_t first_text) {
    int64_t numbers = 0, rows = 0;
    for (const Part& part : parts_) {
      rows += part.rows;
      for (double value : part.columns[c].numbers) numbers += !std::isnan(value);
    }
    if (2 * numbers < rows) return;
    warnings_.push_back(
        fmt::format("column '{}' is taken as text: {} of {} values are numbers, but line "
                    "{} isn't; repair it, or declare what stands for a missing value",
                    dialect_.names[c], numbers, rows, line_of(first_text)));
  }

  Table join() {
    Table table;
    table.source = source_;
    table.named = dialect_.header;
    table.missing_texts = options_.missing;
    for (const Part& part : parts_) table.rows += part.rows;
    if (table.rows == 0)
      throw DataError(fmt::format("{}: no rows below the header", source_), source_, 1);
    table.columns.resize(dialect_.names.size());
    parallel_for(static_cast<int64_t>(table.columns.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c) join_column(static_cast<std::size_t>(c), table);
    });
    for (std::size_t c = 0; c < table.columns.size(); ++c) warn_of_infinities(c);
    table.warnings = std::move(warnings_);
    return table;
  }

  void join_column(std::size_t c, Table& table) const {
    Column& column = table.columns[c];
    column.name = dialect_.names[c];
    column.is_text = as_text_[c];
    std::unordered_map<std::string_view, int32_t> code_of;
    std::vector<std::string_view> words;
    (column.is_text ? column.codes.reserve(static_cast<std::size_t>(table.rows))
                    : column.numbers.reserve(static_cast<std::size_t>(table.rows)));
    for (const Part& part : parts_) {
      const ColumnPart& from = part.columns[c];
      column.missing += from.missing;
      column.numbers.insert(column.numbers.end(), from.numbers.begin(), from.numbers.end());
      std::vector<int32_t> recoded;
      for (std::string_view word : from.dictionary) {
        const auto [entry, is_new] = code_of.emplace(word, static_cast<int32_t>(words.size()));
        if (is_new) words.push_back(word);
        recoded.push_back(entry->second);
      }
      for (int32_t code : from.codes) column.codes.push_back(code < 0 ? -1 : recoded[code]);
    }
    column.dictionary.assign(words.begin(), words.end());
    const auto type = options_.types.find(column.name);
    column.type = type != options_.types.end() ? type->second : infer_type(column);
  }

  void warn_of_infinities(std::size_t c) {
    int64_t count = 0;
    std::size_t first = kNowhere;
    for (const Part& part : parts_) {
      count += part.columns[c].infinite;
      first = std::min(first, part.columns[c].first_infinite);
    }
    if (count == 0) return;
    warnings_.push_back(fmt::format(
        "column '{}' has {} infinite values, the first in line {}; they count as missing",
        dialect_.names[c], count, line_of(first)));
  }

  std::string_view text_;
  const CsvOptions& options_;
  const std::string& source_;
  Dialect dialect_;
  std::vector<std::size_t> starts_;
  std::vector<char> as_text_;
  std::vector<Part> parts_;
  std::vector<std::string> warnings_;
};

}  // namespace

Table parse_csv(std::string_view text, const CsvOptions& options, const std::string& source) {
  return CsvParser(text, options, source).run();
}

Table read_csv(const std::string& path, const CsvOptions& options) {
  const FileBytes bytes(path);
  return parse_csv(bytes.view(), options, path == "-" ? "<stdin>" : path);
}

std::string csv_quote(std::string_view field, char separator) {
  const bool plain = field.find_first_of("\"\r\n") == std::string_view::npos &&
                     field.find(separator) == std::string_view::npos &&
                     (field.empty() || (field.front() != ' ' && field.back() != ' '));
  if (plain) return std::string(field);
  std::string quoted = "\"";
  for (char c : field) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace lanewise
