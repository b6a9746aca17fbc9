// What a CSV file looks like: separator, header, where its rows begin.
#pragma once

#include <cmath>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/data.h"

namespace lanewise::csv {

// A problem at a byte of the text, before it has a line.
struct Problem {
  std::size_t offset = 0;
  std::string text;
};

// One field of a row: its text without quotes and surrounding blanks.
struct Field {
  std::string_view text;
  bool quoted = false;
};

// Reads fields one after the other. Text that had doubled quotes is kept in `arena`.
class RowReader {
 public:
  RowReader(std::string_view text, char separator, std::deque<std::string>& arena)
      : text_(text), separator_(separator), arena_(arena) {}
  bool done() const { return at_ >= text_.size(); }
  std::size_t offset() const { return at_; }
  void seek(std::size_t offset) { at_ = offset; }
  void skip_blank_lines();
  // The next field; `last` tells whether it ends its row.  Throws Problem for an open quote.
  Field next(bool* last);
  // The next field if it is a plain number, digits from its first byte to the separator. Else
  // stays where it is. Saves what a Field is made for.
  bool next_number(double* value, bool* last);

 private:
  Field quoted(bool* last);
  void end_field(bool* last);
  std::string_view text_;
  char separator_;
  std::deque<std::string>& arena_;
  std::size_t at_ = 0;
};

struct Dialect {
  char separator = ',';
  bool header = true;
  std::vector<std::string> names;  // of the columns
  std::size_t body = 0;            // offset of the first row of data
};

// What stands for a missing value: texts, and numbers however they are written.
class MissingValues {
 public:
  explicit MissingValues(const std::vector<std::string>& texts);
  bool holds(std::string_view field) const;
  bool holds(double number) const;
  bool has_numbers() const { return !numbers_.empty(); }

 private:
  std::vector<std::string> texts_;
  std::vector<double> numbers_;
};

// Numbers that are smaller than those are stored as they are written.
inline constexpr double kFirstRounded = 9007199254740992;  // 2^53
inline bool is_plain(double value) { return std::abs(value) < kFirstRounded; }
// Whether a whole number has more digits than float64, which then stores another.
bool is_rounded(std::string_view field, double value);

// The whole of `field` as a number, or false.
bool parse_number(std::string_view field, double* value);

// Errors: Problem, for an empty text, duplicate names, an open quote.
Dialect detect(std::string_view text, const CsvOptions& options);

// Offsets in `text` at which rows begin, about `pieces` of them and the end: the
// parts can be parsed apart.
std::vector<std::size_t> cut(std::string_view text, std::size_t begin, char separator, int pieces);

// Where the last row that `text` holds whole ends, behind its newline; `begin` where none does.
std::size_t last_row_end(std::string_view text, std::size_t begin, char separator);

}  // namespace lanewise::csv
