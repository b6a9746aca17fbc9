// Rows of numbers, as many as a scratch file holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/scratch_file.h"
#include "lanewise/dtype.h"

namespace lanewise {

class Spool {
 public:
  // dtype: float32 or float64.  Errors (of all functions): IoError.
  Spool(const std::string& folder, int64_t columns, DType dtype);

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  // False for a number that the dtype can't hold; then nothing is added.
  bool add(const double* row);
  void end();  // of writing
  // `count` rows from `first` on, row-major.
  std::vector<double> read(int64_t first, int64_t count) const;
  uint32_t checksum() const { return checksum_; }

 private:
  ScratchFile file_;
  int64_t columns_, rows_ = 0;
  std::size_t element_;
  std::vector<char> waiting_;  // for the file
  uint32_t checksum_ = 0;
};

}  // namespace lanewise
