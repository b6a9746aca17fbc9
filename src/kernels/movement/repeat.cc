#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/movement/repeat.cc"
#include "kernels/simd.h"
// The order of these matters.
#include <algorithm>
#include <numeric>

#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/movement/repeat.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

// Of rows shorter than a vector: a few vectors of the result take in as many numbers as fill them,
// whose lanes stand for the same ones each time. Returns the rows that are done.
template <class D, class T = hn::TFromD<D>>
int64_t repeat_in_turns(D d, const T* x, int64_t rows, int64_t row, T* out) {
  constexpr auto kLanes = static_cast<int64_t>(hn::MaxLanes(d));
  const hn::RebindToSigned<D> di;
  const hn::RebindToFloat<D> df;
  using Index = hn::TFromD<decltype(di)>;
  using Real = hn::TFromD<decltype(df)>;
  const int64_t common = std::gcd(row, kLanes), turns = row / common, numbers = kLanes / common;
  alignas(64) Index index[kLanes * kLanes];
  int64_t first[kLanes];
  int64_t before = 0, phase = 0;
  for (int64_t t = 0; t < turns; ++t) {
    // (phase + lane) / row, rounded down
    const auto place = hn::Iota(df, static_cast<Real>(phase) + Real(0.5));
    const auto which = hn::Mul(place, hn::Set(df, Real{1} / static_cast<Real>(row)));
    hn::Store(hn::ConvertTo(di, which), di, index + t * kLanes);
    first[t] = before;
    for (phase += kLanes; phase >= row; phase -= row) ++before;
  }
  int64_t done = 0;
  const auto take_in = [&](int64_t t, int64_t from, int64_t skipped) HWY_ATTR {
    const auto which =
        hn::Add(hn::Load(di, index + t * kLanes), hn::Set(di, static_cast<Index>(skipped)));
    hn::StoreU(hn::TableLookupLanes(hn::LoadU(d, x + from), hn::IndicesFromVec(d, which)), d, out);
    out += kLanes;
  };
  for (; done + numbers + kLanes <= rows; done += numbers)
    for (int64_t t = 0; t < turns; ++t) take_in(t, done + first[t], 0);
  // The last vectors of numbers end where those do.
  for (; kLanes <= rows && done + numbers <= rows; done += numbers)
    for (int64_t t = 0; t < turns; ++t) {
      const int64_t from = std::min(done + first[t], rows - kLanes);
      take_in(t, from, done + first[t] - from);
    }
  return done;
}

// Whole vectors: the last of a row ends where that does, but where a row is shorter; then they
// spill onto rows that are written after it.
template <class T>
void repeat_as(const std::byte* from, int64_t step, int64_t rows, int64_t row, std::byte* to) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const T* x = reinterpret_cast<const T*>(from);
  T* out = reinterpret_cast<T*>(to);
  if (row < lanes) {
    int64_t i = 0;
    if constexpr (sizeof(T) >= sizeof(float))
      if (row > 0 && step == 1) i = repeat_in_turns(d, x, rows, row, out);
    const int64_t spilled =
        std::max<int64_t>(rows - (lanes + row - 1) / std::max<int64_t>(row, 1), 0);
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
