// Data: tables from CSV, array files, streams of rows, and preprocessing.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lanewise/array.h"
#include "lanewise/file_streams.h"

namespace lanewise {

// ---- tables ----

enum class ColumnType : uint8_t { numeric, categorical, boolean, constant, identifier };
std::string_view name(ColumnType type);
ColumnType column_type_from_name(
    std::string_view name);  // Errors: ValueError naming the known ones

// A column holds numbers (NaN where missing) or text (codes into `dictionary`,
// in order of first appearance; −1 where missing).
struct Column {
  std::string name;
  ColumnType type = ColumnType::numeric;
  bool is_text = false;
  std::vector<double> numbers;
  std::vector<int32_t> codes;
  std::vector<std::string> dictionary;
  int64_t missing = 0, infinite = 0;  // infinite ones count as missing
  // Text of row i; numbers in shortest round-trip form; "" where missing.
  std::string text(int64_t row) const;
  // The number, or the code of the text, of row i; NaN where missing.
  double number_or_code(int64_t row) const {
    const auto i = static_cast<std::size_t>(row);
    if (!is_text) return numbers[i];
    return codes[i] < 0 ? std::numeric_limits<double>::quiet_NaN() : codes[i];
  }
  void append(double number_or_code);  // a row more
};

struct Table {
  std::vector<Column> columns;
  int64_t rows = 0;
  int64_t first_row = 0;              // of these in the file, where the table is a part of it
  std::string source;                 // path, or "<stdin>"
  std::vector<std::string> warnings;  // e.g. a column that turned to text, with line
  bool named = true;                  // false: the file holds no names, columns are column_1 …
  std::vector<std::string> missing_texts;  // what stood for a missing value when it was read
  const Column* find(std::string_view name) const;
  // Errors: DataError listing the columns, with a suggestion for a near miss.
  const Column& column(std::string_view name) const;
  // Errors: IndexError for a row that there is not.
  Table select_rows(std::span<const int64_t> rows) const;
  void check_rows(std::span<const int64_t> rows) const;  // Errors: the same
};

struct CsvOptions {
  char separator = 0;              // 0: detected among , ; tab |
  std::optional<bool> header;      // unset: detected
  std::vector<std::string> known;  // columns: a first row that names them all is a header
  // Texts that stand for a missing value; one that is a number does however it is written.
  std::vector<std::string> missing = {"", "NA", "N/A", "nan", "NaN", "?", "null", "NULL", "None"};
  std::map<std::string, ColumnType> types;  // overrides
  // Columns that must be read as text whatever they look like (a target's class labels).
  std::vector<std::string> as_text;
};

// Reads a whole CSV file ("-": standard input), RFC 4180 with the liberties that
// files take: CRLF, BOM, quotes with embedded newlines, other separators.
// A column is numeric when every value that isn't missing is a number.
// Errors: IoError; DataError with line for ragged rows, unclosed quotes, NUL
// bytes, an empty file, no rows, duplicate names.
Table read_csv(const std::string& path, const CsvOptions& options = {});
Table parse_csv(std::string_view text, const CsvOptions& options = {},
                const std::string& source = "<memory>");
// Arrays of equal first extents m, of numbers or truth values: (m,) is a column
// called by its name, (m, n) the columns name_1 … name_n.  Of `options` only types,
// and as_text hold.  Errors: DataError for other ranks and unequal extents.
Table table_from_arrays(const std::map<std::string, Array>& arrays, const CsvOptions& options = {},
                        const std::string& source = "<memory>");
// A table from a file: .npy (columns column_1 …), .npz or, whatever else, CSV.
Table read_table(const std::string& path, const CsvOptions& options = {});

// Rows of a file, a part of the table at a time, with memory for a part only.
class TableSource {
 public:
  virtual ~TableSource() = default;
  // The next rows, at most `count`; fewer at the end of a part; none at the end of the file. A
  // column's dictionary holds the texts of the part alone.
  // Errors: as read_table's; DataError for a file without rows.
  virtual Table pull(int64_t count) = 0;
  // What is odd about all rows so far, as read_table tells it.
  virtual std::vector<std::string> warnings() const = 0;
};
// CSV ("-": standard input), .npy (a pattern such as "part-*.npy" is several), .npz. One pass:
// columns are numeric unless `options` say otherwise or a text is met, from that part on.
std::unique_ptr<TableSource> table_source(const std::string& path, const CsvOptions& options = {});

// `source`, whose next parts a thread of its own has made already, at most `depth` of them.
std::unique_ptr<TableSource> read_ahead(std::unique_ptr<TableSource> source, int depth = 1);

// The columns of a file without their values, but with types and dictionaries as read_table gives
// them, and the number of rows: what a first pass finds. Memory grows with the dictionaries, and
// with columns of whole numbers that are named like identifiers.
// `see` is called with each part, whose codes are those of the result; with all again from the
// first row on, where columns turned to text.
Table read_columns(const std::string& path, const CsvOptions& options = {},
                   const std::function<void(const Table& part)>& see = {});

// A field quoted where it must be.
std::string csv_quote(std::string_view field, char separator = ',');

// ---- array files ----

// .npy (C or Fortran order, any dtype that Lanewise has; others are converted
// where lossless: int16, uint16, uint32, float16 …). Object arrays are refused.
// Errors: IoError, DataError with byte offset.
Array load_npy(const std::string& path);
void save_npy(const std::string& path, const Array& a);          // atomic
std::map<std::string, Array> load_npz(const std::string& path);  // stored or deflated
void save_npz(const std::string& path, const std::map<std::string, Array>& arrays);

// ---- streams of rows: file_streams.h has those of array files ----

// The numeric columns of a CSV file as rows, NaN where a value is missing: a first pass finds the
// types and the number of rows. Memory as for table_source. `warn` is told what is odd about the
// file, and which columns are left out.
// Errors: as read_csv; IoError for a pipe; DataError where no column holds numbers; ValueError for
// "-" and other dtypes.
std::unique_ptr<Source> csv_source(const std::string& path, const CsvOptions& options = {},
                                   DType dtype = DType::float32,
                                   const std::function<void(const std::string&)>& warn = {});

struct SourceOptions {
  NpySourceOptions npy;
  CsvOptions csv;
  DType csv_dtype = DType::float32;  // of the numbers, unless npy.dtype says otherwise
  std::function<void(const std::string&)> warn{};  // as csv_source
};
// By its name: X.npy or a pattern of such, ARCHIVE.npz:ARRAY, and whatever else CSV.
std::unique_ptr<Source> open_source(const std::string& name, const SourceOptions& options = {});

// A line a row after a header of names; numbers in shortest round-trip form, nothing for NaN.
// Takes float32 arrays (m, columns).
std::unique_ptr<Sink> csv_sink(const std::string& path, const std::vector<std::string>& columns);

// ---- preprocessing ----

// How columns become the float32 features of a network. The defaults and what
// each part is worth: docs/training.md.
struct EncodingOptions {
  int bins = 64;                 // piecewise-linear encoding of numbers, at most; 0: none
  int64_t bin_rows = 100;        // fewer bins where one would hold fewer rows than so many
  int common_values = 64;        // one-hots of the commonest values of numbers; 0: none
  double common_coverage = 0.5;  // only where these cover more than this share of the rows
  int64_t common_min_rows = 6;
  int64_t few_rows = 2000;   // below: neither bins nor common values
  int max_categories = 100;  // one-hots a column; rarer values share the all-zero code
  std::map<std::string, ColumnType> types{};  // overrides
  std::vector<std::string> drop{};            // columns to leave out
  bool operator==(const EncodingOptions&) const = default;
};

// Fitted on training rows only; part of the model.
class Preprocessor {
 public:
  // `columns`: all of the table but `target` (may be empty) and those that
  // carry nothing (constant, identifier-like, all missing), which are reported.
  static Preprocessor fit(const Table& table, std::span<const int64_t> rows,
                          const std::string& target, const EncodingOptions& options = {});
  int64_t width() const;
  const std::vector<std::string>& inputs() const;  // the columns it needs
  struct Left {
    std::string column, reason;
  };
  const std::vector<Left>& left_out() const;
  // (rows, width) float32, row-major.  Errors: DataError naming a missing
  // column, or text where numbers were learnt (line). `unseen` counts category
  // values that training never saw, by column.
  Array transform(const Table& table, std::span<const int64_t> rows,
                  std::map<std::string, int64_t>* unseen = nullptr) const;
  Array transform(const Table& table, std::map<std::string, int64_t>* unseen = nullptr) const;
  // Throws what transform would.
  void check(const Table& table, std::span<const int64_t> rows) const;
  // The same of rows that are given by what number_or_code tells of each column of `columns`, a
  // table without rows: (rows, columns) float64, row-major.
  std::function<Array(std::span<const double> values)> transform_of(Table columns) const;
  std::string describe() const;  // a line a column: how it is encoded
  std::string to_json() const;
  static Preprocessor from_json(const std::string& json);  // Errors: DataError
  // How to read a file for transform: categories as text, whatever they look like.
  CsvOptions csv_options() const;
  bool all_numeric() const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

// ---- splits ----

struct Split {
  std::vector<int64_t> train, held_out;
};
// Seeded; stratified by `classes` (−1 … or empty: not stratified). At least one row on either side.
Split split_rows(int64_t rows, double held_out_fraction, uint32_t seed,
                 std::span<const int32_t> classes = {});
// The fold 0 … folds − 1 of each row: seeded, of equal size but for one row, and so is the
// share of each class in them.  Errors: ValueError unless 1 ≤ folds ≤ rows.
std::vector<int64_t> split_folds(int64_t rows, int64_t folds, uint32_t seed,
                                 std::span<const int32_t> classes = {});

}  // namespace lanewise
