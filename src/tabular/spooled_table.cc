#include "tabular/spooled_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "lanewise/error.h"

namespace lanewise {
namespace {

constexpr std::size_t kMostValues = 10'001;
constexpr int64_t kRows = 64;  // that are taken from the columns of a part at once

enum Draw : uint64_t { kOfTest, kOfFold, kOfSample };

// Uniform in [0, 1), from seed, use and row alone. Mixing: Steele, Lea and Flood, Fast Splittable
// Pseudorandom Number Generators, 2014 (SplitMix64).
double draw(uint32_t seed, Draw use, int64_t row) {
  uint64_t z = (uint64_t{seed} << 2 | use) * 0xd1342543de82ef95u +
               static_cast<uint64_t>(row) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

// Rows of which each is as likely to be kept as any other. Vitter, Random Sampling with a
// Reservoir, 1985, algorithm R.
class Sample {
 public:
  Sample(int64_t most, uint32_t seed) : most_(most), seed_(seed) {}

  void add(std::span<const double> row) {
    if (seen_++ < most_) return void(rows_.emplace_back(row.begin(), row.end()));
    const double share = draw(seed_, kOfSample, seen_);
    const auto at = static_cast<int64_t>(share * static_cast<double>(seen_));
    if (at < most_) rows_[static_cast<std::size_t>(at)].assign(row.begin(), row.end());
  }

  Table table(const Table& columns) {
    Table table = columns;
    table.rows = static_cast<int64_t>(rows_.size());
    for (std::size_t c = 0; c < table.columns.size(); ++c)
      for (const std::vector<double>& row : rows_) table.columns[c].append(row[c]);
    rows_ = {};
    return table;
  }

 private:
  const int64_t most_;
  const uint32_t seed_;
  int64_t seen_ = 0;
  std::vector<std::vector<double>> rows_;
};

// Codes of a part's dictionaries as those of the whole table.
class Codes {
 public:
  explicit Codes(const Table& columns) : of_text_(columns.columns.size()) {
    for (std::size_t c = 0; c < of_text_.size(); ++c)
      for (const std::string& text : columns.columns[c].dictionary)
        of_text_[c].emplace(text, static_cast<double>(of_text_[c].size()));
  }

  void begin(const Table& part) {
    of_code_.assign(part.columns.size(), {});
    for (std::size_t c = 0; c < of_code_.size(); ++c)
      for (const std::string& text : part.columns[c].dictionary)
        of_code_[c].push_back(known(c, text, part.source));
  }
  double value(const Column& column, std::size_t c, int64_t row) const {
    const double value = column.number_or_code(row);
    return column.is_text && !std::isnan(value) ? of_code_[c][static_cast<std::size_t>(value)]
                                                : value;
  }

 private:
  double known(std::size_t c, const std::string& text, const std::string& source) const {
    const auto found = of_text_[c].find(text);
    if (found == of_text_[c].end())
      throw DataError(
          fmt::format("{}: has changed since it was read before: '{}' is new", source, text),
          source);
    return found->second;
  }

  std::vector<std::unordered_map<std::string, double>> of_text_;
  std::vector<std::vector<double>> of_code_;
};

class Intake {
 public:
  Intake(const Table& columns, const SpoolOptions& options, DType dtype)
      : options_(options),
        rows_(columns.rows),
        codes_(columns),
        sample_(options.sample, options.seed),
        target_(static_cast<std::size_t>(&columns.column(options.target) - columns.columns.data())),
        table_{columns, spool(dtype), spool(dtype), spool(dtype),
               Spool(options.folder, 1, DType::float32)} {}

  // False: a number is none of the dtype.
  bool add(const Table& part) {
    codes_.begin(part);
    const std::size_t width = part.columns.size();
    std::vector<double> rows(static_cast<std::size_t>(kRows) * width);
    for (int64_t first = 0; first < part.rows; first += kRows) {
      const auto count = static_cast<std::size_t>(std::min(kRows, part.rows - first));
      for (std::size_t c = 0; c < width; ++c)
        for (std::size_t r = 0; r < count; ++r)
          rows[r * width + c] = codes_.value(part.columns[c], c, first + static_cast<int64_t>(r));
      for (std::size_t r = 0; r < count; ++r, ++read_)
        if (!add({rows.data() + r * width, width})) return false;
    }
    if (options_.on_read) options_.on_read(read_, rows_);
    return true;
  }

  SpooledTable result() {
    for (Spool* spool : {&table_.train, &table_.validation, &table_.test, &table_.folds})
      spool->end();
    table_.rows = read_;
    table_.columns.rows = 0;
    table_.sample = sample_.table(table_.columns);
    return std::move(table_);
  }

 private:
  Spool spool(DType dtype) const {
    return {options_.folder, static_cast<int64_t>(table_.columns.columns.size()), dtype};
  }

  bool add(std::span<const double> row) {
    const double target = row[target_];
    if (std::isnan(target)) {
      ++table_.dropped;
      return true;
    }
    const bool known = table_.values.size() < kMostValues || table_.values.contains(target);
    int64_t* const count = known ? &table_.values[target] : nullptr;
    if (draw(options_.seed, kOfTest, read_) < options_.test) return table_.test.add(row.data());
    const double share = draw(options_.seed, kOfFold, read_);
    if (options_.folds == 1 && share < options_.validation)
      return table_.validation.add(row.data());
    if (!table_.train.add(row.data())) return false;
    if (count) ++*count;
    // Welford, Note on a method for calculating corrected sums of squares and products, 1962.
    const double from_mean = target - table_.mean;
    table_.mean += from_mean / static_cast<double>(table_.train.rows());
    table_.squares += from_mean * (target - table_.mean);
    sample_.add(row);
    const double fold = std::floor(share * static_cast<double>(options_.folds));
    return options_.folds == 1 || table_.folds.add(&fold);
  }

  const SpoolOptions& options_;
  const int64_t rows_;  // in all
  Codes codes_;
  Sample sample_;
  std::size_t target_;
  SpooledTable table_;
  int64_t read_ = 0;
};

// None where a number is none of the dtype.
std::optional<SpooledTable> read_all(const std::string& path, const CsvOptions& csv,
                                     const Table& columns, const SpoolOptions& options,
                                     DType dtype) {
  Intake intake(columns, options, dtype);
  const auto parts = read_ahead(table_source(path, csv));
  for (Table part = parts->pull(INT64_MAX); part.rows > 0; part = parts->pull(INT64_MAX))
    if (!intake.add(part)) return {};
  return intake.result();
}

}  // namespace

Table SpooledTable::target_table(const std::string& target) const {
  Column column = sample.column(target);
  for (const auto& [value, rows] : values) column.append(value);
  Table table;
  table.source = columns.source;
  table.rows = sample.rows + static_cast<int64_t>(values.size());
  table.columns.push_back(std::move(column));
  return table;
}

uint32_t SpooledTable::checksum() const {
  return train.checksum() ^ (validation.checksum() << 1) ^ (folds.checksum() << 2);
}

SpooledTable spool_table(const std::string& path, CsvOptions csv, const Table& columns,
                         const SpoolOptions& options) {
  for (const Column& column : columns.columns)
    if (column.is_text) csv.as_text.push_back(column.name);
  // Float32 takes half the room; the first number that needs more is mostly in the first rows.
  if (auto narrow = read_all(path, csv, columns, options, DType::float32))
    return std::move(*narrow);
  return *read_all(path, csv, columns, options, DType::float64);
}

}  // namespace lanewise
