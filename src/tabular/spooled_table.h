// A table of any size, read once and split on the way: its rows lie in scratch files, those to
// train on, to validate and to test apart; in memory are a sample, and what there is to know of the
// target.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lanewise/tabular.h"
#include "tabular/spool.h"

namespace lanewise {

struct SpoolOptions {
  std::string target;
  int64_t folds = 1;  // of the training rows; 1: none, then a share validates
  double validation = 0, test = 0;
  uint32_t seed = 0;   // each row is drawn for one part, whatever the others are
  int64_t sample = 0;  // training rows, at most
  std::string folder;  // of the scratch files
  std::function<void(int64_t rows, int64_t of)> on_read;
};

struct SpooledTable {
  Table columns;  // without rows
  // What Column::number_or_code tells of each column.
  Spool train, validation, test;
  Spool folds;          // of each training row, where there are some
  Table sample{};       // of the training rows
  int64_t rows = 0;     // in all
  int64_t dropped = 0;  // rows without a target

  // Of the target: how many training rows have each value (0: only others have it), of the first
  // 10,001; mean and squared deviations over the training rows.
  std::unordered_map<double, int64_t> values{};
  double mean = 0, squares = 0;

  // The column, with every value that is known at least once.
  Table target_table(const std::string& target) const;
  uint32_t checksum() const;
};

// columns: of the file, as read_columns finds them.
SpooledTable spool_table(const std::string& path, CsvOptions csv, const Table& columns,
                         const SpoolOptions& options);

}  // namespace lanewise
