// Rows of a CSV file become columns: the text of the whole file at once, or runs of rows that
// follow each other. Every column is tried as numbers; where a run meets text it is parsed again
// with that column as text, and so are the runs after it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/csv_dialect.h"

namespace lanewise::csv {

struct Part;

class Parser {
 public:
  Parser(const CsvOptions& options, std::string source)
      : options_(options), missing_(options.missing), source_(std::move(source)) {}

  // Finds the dialect in the begin of the file.  Errors: DataError with line.
  void begin(std::string_view text);
  const Dialect& dialect() const { return dialect_; }
  // Where the last row that surely ends in `text`, the next of the file, ends; 0: none does.
  std::size_t rows_end(std::string_view text) const;
  // The rows of `text`, the next of the file: whole ones.  Columns have the types that were
  // declared, and numeric or categorical else.  Errors: DataError with line.
  Table parse(std::string_view text);
  // What is odd about all the rows so far.
  std::vector<std::string> warnings() const;

 private:
  // A column in all rows so far; lines are 0 where there is none.
  struct Seen {
    struct Oddities {
      int64_t count = 0, first = 0;
    };
    int64_t numbers = 0, first_text = 0;
    Oddities infinite, rounded;
    bool turned = false;  // to text, though not wanted as such
  };

  std::string_view without_mark(std::string_view text) const;
  bool wanted_as_text(const std::string& name) const;
  [[noreturn]] void fail(const Problem& problem, std::string_view text) const;
  int64_t line_of(std::size_t offset, std::string_view text) const;

  std::vector<Part> parse_parts(std::string_view text, std::size_t body) const;
  void parse_part(std::string_view text, std::size_t begin, Part& part) const;
  bool find_text_columns(const std::vector<Part>& parts, std::string_view text);
  Table join(const std::vector<Part>& parts) const;
  Column join_column(const std::vector<Part>& parts, std::size_t c, int64_t rows) const;
  void count(const std::vector<Part>& parts, const Table& table, std::string_view text);
  void count_numbers(Seen& seen, const Column& column, int64_t rows) const;

  const CsvOptions options_;
  const MissingValues missing_;
  const std::string source_;
  Dialect dialect_;
  std::vector<char> as_text_;
  std::vector<Seen> seen_;
  int64_t rows_ = 0, lines_ = 0;
};

}  // namespace lanewise::csv
