#include "plan/extent.h"

#include <fmt/format.h>

#include <algorithm>

namespace lanewise::plan {

std::optional<SymbolicDims> SymbolicDims::fit(const Dims& first, const Dims& second) {
  if (first.rank() != second.rank()) return {};
  SymbolicDims dims(first);
  constexpr int64_t kRun = kTraceRows[1] - kTraceRows[0];
  for (int i = 0; i < first.rank(); ++i) {
    const int64_t rise = second[i] - first[i];
    if (rise == 0) continue;
    if (rise % kRun != 0) return {};
    dims.scale_[i] = rise / kRun;
    dims.base_[i] = first[i] - dims.scale_[i] * kTraceRows[0];
    dims.constant_ = false;
  }
  return dims;
}

void SymbolicDims::set(int i, Extent e) {
  base_[i] = e.offset;
  scale_[i] = e.scale;
  constant_ = std::all_of(scale_.begin(), scale_.end(), [](int64_t s) { return s == 0; });
}

Dims SymbolicDims::at(int64_t m) const {
  if (constant_) return base_;
  Dims dims;
  for (int i = 0; i < rank(); ++i) dims.push_back((*this)[i].at(m));
  return dims;
}

std::string SymbolicDims::text() const {
  std::string text = "(";
  for (int i = 0; i < rank(); ++i) {
    const Extent e = (*this)[i];
    if (i > 0) text += ", ";
    if (e.scale == 0) {
      text += fmt::format("{}", e.offset);
      continue;
    }
    text += e.scale == 1 ? "m" : fmt::format("{} m", e.scale);
    if (e.offset != 0) text += fmt::format(" {} {}", e.offset > 0 ? '+' : '-', std::abs(e.offset));
  }
  return text + (rank() == 1 ? ",)" : ")");
}

}  // namespace lanewise::plan
