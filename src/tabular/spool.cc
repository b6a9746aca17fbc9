#include "tabular/spool.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/crc32c.h"

namespace lanewise {
namespace {

constexpr std::size_t kWritten = std::size_t{1} << 20;  // bytes at once

}  // namespace

Spool::Spool(const std::string& folder, int64_t columns, DType dtype)
    : file_(folder), columns_(columns), element_(size_of(dtype)) {}

bool Spool::add(const double* row) {
  const auto count = static_cast<std::size_t>(columns_);
  const std::size_t begin = waiting_.size();
  waiting_.resize(begin + count * element_);
  if (element_ == sizeof(double)) {
    std::memcpy(waiting_.data() + begin, row, count * element_);
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      const auto narrow = static_cast<float>(row[i]);
      if (narrow != row[i] && !std::isnan(row[i])) {
        waiting_.resize(begin);
        return false;
      }
      std::memcpy(waiting_.data() + begin + i * sizeof narrow, &narrow, sizeof narrow);
    }
  }
  ++rows_;
  if (waiting_.size() >= kWritten) end();
  return true;
}

void Spool::end() {
  const auto bytes = static_cast<int64_t>(waiting_.size());
  checksum_ = crc32c(checksum_, waiting_.data(), bytes);
  file_.write(waiting_.data(), bytes);
  waiting_.clear();
}

std::vector<double> Spool::read(int64_t first, int64_t count) const {
  std::vector<double> rows(static_cast<std::size_t>(count * columns_));
  const int64_t row_bytes = columns_ * static_cast<int64_t>(element_);
  // Narrow numbers are read into the end of the room, and widened from its begin on.
  char* const bytes = reinterpret_cast<char*>(rows.data() + rows.size()) -
                      static_cast<std::size_t>(count * row_bytes);
  file_.read_at(first * row_bytes, bytes, count * row_bytes);
  if (element_ == sizeof(float))
    for (std::size_t i = 0; i < rows.size(); ++i) {
      float narrow;
      std::memcpy(&narrow, bytes + i * sizeof narrow, sizeof narrow);
      rows[i] = narrow;
    }
  return rows;
}

}  // namespace lanewise
