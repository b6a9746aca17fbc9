#include <algorithm>
#include <numeric>
#include <utility>

#include "data/table_source.h"

namespace lanewise {

void TableParts::take(Table table) {
  table_ = std::move(table);
  at_ = 0;
}

Table TableParts::next(int64_t count) {
  const int64_t end = at_ + std::clamp<int64_t>(count, 0, table_.rows - at_);
  if (at_ == 0 && end == table_.rows) return std::exchange(table_, {});
  std::vector<int64_t> rows(static_cast<std::size_t>(end - at_));
  std::iota(rows.begin(), rows.end(), at_);
  Table part = table_.select_rows(rows);
  part.first_row = table_.first_row + at_;
  at_ = end;
  return part;
}

}  // namespace lanewise
