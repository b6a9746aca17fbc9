#include <fmt/format.h>

#include "base/thread_pool.h"
#include "data/column_types.h"
#include "data/csv_parser.h"
#include "io/file.h"
#include "lanewise/error.h"

namespace lanewise {

Table parse_csv(std::string_view text, const CsvOptions& options, const std::string& source) {
  csv::Parser parser(options, source);
  parser.begin(text);
  Table table = parser.parse(text);
  if (table.rows == 0)
    throw DataError(fmt::format("{}: no rows below the header", source), source, 1);
  parallel_for(static_cast<int64_t>(table.columns.size()), 1, [&](int64_t begin, int64_t end) {
    for (auto c = static_cast<std::size_t>(begin); c < static_cast<std::size_t>(end); ++c)
      if (Column& column = table.columns[c]; !options.types.contains(column.name))
        column.type = infer_type(column);
  });
  table.warnings = parser.warnings();
  return table;
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
