// Arrays become the columns of a table.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "data/column_types.h"
#include "data/table_source.h"
#include "kernels/cast/cast.h"
#include "kernels/transpose/transpose.h"

namespace lanewise {
namespace {

// Numbers become labels, for columns that hold categories.
void turn_to_text(Column& column) {
  std::unordered_map<std::string, int32_t> code_of;
  for (int64_t row = 0; row < static_cast<int64_t>(column.numbers.size()); ++row) {
    if (std::isnan(column.numbers[static_cast<std::size_t>(row)])) {
      column.codes.push_back(-1);
      continue;
    }
    const auto next = static_cast<int32_t>(column.dictionary.size());
    const auto [entry, is_new] = code_of.emplace(column.text(row), next);
    if (is_new) column.dictionary.push_back(entry->first);
    column.codes.push_back(entry->second);
  }
  column.numbers.clear();
  column.is_text = true;
}

class ArrayTable {
 public:
  ArrayTable(const CsvOptions& options, const std::string& source) : options_(options) {
    table_.source = source;
    table_.rows = -1;
  }

  void add(const std::string& name, const Array& array) {
    if (array.rank() != 1 && array.rank() != 2)
      fail(fmt::format("'{}' has shape {}; a table takes (m,) or (m, n)", name,
                       to_string(array.shape())));
    const int64_t rows = array.shape(0), columns = array.rank() == 2 ? array.shape(1) : 1;
    if (table_.rows >= 0 && rows != table_.rows)
      fail(fmt::format("'{}' has {} rows, the arrays before it have {}", name, rows, table_.rows));
    table_.rows = rows;
    const std::size_t first = table_.columns.size();
    for (int64_t c = 0; c < columns; ++c)
      add_column(array.rank() == 2 ? fmt::format("{}_{}", name, c + 1) : name);
    View x = array.tensor();
    if (x.rank() == 1) x.shape = {rows, 1}, x.strides = {x.strides[0], 1};
    const int64_t some = std::max<int64_t>(1, kTurned / std::max<int64_t>(1, columns));
    for (int64_t row = 0; row < rows; row += some) {
      const Shape part = {std::min(some, rows - row), columns};
      take_rows(slice_view(x, {row, 0}, part, {1, 1}), first);
    }
    for (std::size_t c = first; c < table_.columns.size(); ++c) finish_column(table_.columns[c]);
  }

  Table finish() && {
    if (table_.rows <= 0) fail("no rows");
    if (table_.columns.empty()) fail("no columns");
    return std::move(table_);
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw DataError(fmt::format("{}: {}", table_.source, problem), table_.source);
  }

  // Elements that are turned at once, so that they stay in cache.
  static constexpr int64_t kTurned = 1 << 16;

  void add_column(const std::string& name) {
    if (!names_.insert(name).second) fail(fmt::format("two columns are called '{}'", name));
    Column& column = table_.columns.emplace_back();
    column.name = name;
    column.numbers.reserve(static_cast<std::size_t>(table_.rows));
  }

  void take_rows(const View& x, std::size_t first) {
    const int64_t rows = x.shape[0], columns = x.shape[1];
    const Tensor values = Tensor::empty(DType::float64, x.shape);
    kernels::fast::cast(x, values);
    const Tensor turned = Tensor::empty(DType::float64, {columns, rows});
    kernels::fast::transpose(sizeof(double), values.data, columns, turned.data, rows, columns,
                             rows);
    for (int64_t c = 0; c < columns; ++c) {
      const double* numbers = turned.as<double>() + c * rows;
      Column& column = table_.columns[first + static_cast<std::size_t>(c)];
      column.numbers.insert(column.numbers.end(), numbers, numbers + rows);
    }
  }

  void finish_column(Column& column) {
    const std::string& name = column.name;
    for (double& value : column.numbers) {
      const bool has_room = is_representable(value);
      column.infinite += !has_room && !std::isnan(value);
      column.missing += !has_room;
      value = has_room ? value : NAN;
    }
    if (column.infinite > 0) table_.warnings.push_back(infinite_warning(name, column.infinite));
    const auto declared = options_.types.find(name);
    const bool categorical =
        declared != options_.types.end() && declared->second == ColumnType::categorical;
    const auto& as_text = options_.as_text;
    if (categorical || std::find(as_text.begin(), as_text.end(), name) != as_text.end())
      turn_to_text(column);
    column.type = declared != options_.types.end() ? declared->second : infer_type(column);
  }

  const CsvOptions& options_;
  Table table_;
  std::unordered_set<std::string> names_;
};

}  // namespace

Table table_from_arrays(const std::map<std::string, Array>& arrays, const CsvOptions& options,
                        const std::string& source) {
  ArrayTable table(options, source);
  for (const auto& [name, array] : arrays) table.add(name, array);
  return std::move(table).finish();
}

std::string infinite_warning(const std::string& column, int64_t count) {
  return fmt::format(
      "column '{}' is infinite or exceeds float32 (3.4e38) in {} values; they count as missing",
      column, count);
}

}  // namespace lanewise
