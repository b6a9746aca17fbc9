#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/movement/repeat.cc"
#include "kernels/simd.h"
// The order of these matters.
#include <algorithm>

#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/movement/repeat.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

// Whole vectors: the last of a row ends where that does, but where a row is shorter; then they
// spill onto rows that are written after it.
template <class T>
void repeat_as(const std::byte* from, int64_t step, int64_t rows, int64_t row, std::byte* to) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const T* x = reinterpret_cast<const T*>(from);
  T* out = reinterpret_cast<T*>(to);
  if (row < lanes) {
    const int64_t spilled =
        std::max<int64_t>(rows - (lanes + row - 1) / std::max<int64_t>(row, 1), 0);
    int64_t i = 0;
    for (; i < spilled; ++i) hn::StoreU(hn::Set(d, x[i * step]), d, out + i * row);
    for (; i < rows; ++i) std::fill_n(out + i * row, row, x[i * step]);
    return;
  }
  for (int64_t i = 0; i < rows; ++i, out += row) {
    const auto number = hn::Set(d, x[i * step]);
    for (int64_t j = 0; j + lanes < row; j += lanes) hn::StoreU(number, d, out + j);
    hn::StoreU(number, d, out + row - lanes);
  }
}

}  // namespace

void repeat(int64_t bytes, const std::byte* from, int64_t step, int64_t rows, int64_t row,
            std::byte* to) {
  if (bytes == 1) repeat_as<uint8_t>(from, step, rows, row, to);
  else if (bytes == 4) repeat_as<uint32_t>(from, step, rows, row, to);
  else repeat_as<uint64_t>(from, step, rows, row, to);
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lanewise::kernels {

HWY_EXPORT(repeat);

void fast::repeat(int64_t bytes, const std::byte* from, int64_t step, int64_t rows, int64_t row,
                  std::byte* to) {
  HWY_DYNAMIC_DISPATCH(repeat)(bytes, from, step, rows, row, to);
}

}  // namespace lanewise::kernels
#endif  // HWY_ONCE
