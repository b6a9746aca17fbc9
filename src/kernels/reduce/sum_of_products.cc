#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/reduce/sum_of_products.cc"
#include "kernels/simd.h"
// The order of these matters.
#include <algorithm>

#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/reduce/lanes-inl.h"
#include "kernels/reduce/sum_of_products.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace {

#if LANEWISE_PORTABLE
template <class D, class V>
LANEWISE_INLINE hn::TFromD<D> fold_halves(D, V x) {
  return hn::GetLane(x);
}
#else
template <class D, class V>
LANEWISE_INLINE hn::TFromD<D> fold_halves(D d, V x) {
  if constexpr (hn::MaxLanes(d) == 1) {
    return hn::GetLane(x);
  } else {
    const hn::Half<D> half;
    return fold_halves(half, hn::Add(hn::LowerHalf(half, x), hn::UpperHalf(half, x)));
  }
}
#endif

template <class T>
LANEWISE_INLINE T sum_row(const T* a, const T* b, int64_t n) {
  using L = LaneVectors<T>;
  constexpr typename L::D d;
  typename L::V lane[L::kCount];
#pragma GCC unroll 16
  for (int v = 0; v < L::kCount; ++v) lane[v] = hn::Zero(d);
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes) {
#pragma GCC unroll 16
    for (int v = 0; v < L::kCount; ++v) {
      const int64_t at = j + v * L::kWidth;
      lane[v] = hn::Add(lane[v], hn::Mul(hn::LoadU(d, a + at), hn::LoadU(d, b + at)));
    }
  }
  if (j < n) {  // a product of zeros changes no lane: none is -0
    alignas(64) T rest[2][kLanes] = {};
    std::copy(a + j, a + n, rest[0]);
    std::copy(b + j, b + n, rest[1]);
#pragma GCC unroll 16
    for (int v = 0; v < L::kCount; ++v)
      lane[v] = hn::Add(lane[v], hn::Mul(hn::Load(d, rest[0] + v * L::kWidth),
                                         hn::Load(d, rest[1] + v * L::kWidth)));
  }
#pragma GCC unroll 16
  for (int half = L::kCount / 2; half > 0; half /= 2) {
#pragma GCC unroll 16
    for (int v = 0; v < half; ++v) lane[v] = hn::Add(lane[v], lane[v + half]);
  }
  return T{0} + fold_halves(d, lane[0]);
}

// A row whose elements lie apart is laid side by side.
template <class T>
LANEWISE_INLINE const T* row_of(const View& x, int64_t i, T* copy) {
  const T* row = x.as<T>() + i * x.strides[0];
  const int64_t step = x.strides[1];
  if (step == 1) return row;
  for (int64_t j = 0; j < x.shape[1]; ++j) copy[j] = row[j * step];
  return copy;
}

template <class T>
void sum_rows(const View& a, const View& b, const View& out) {
  T copies[2][fast::kMaxProducts];
  for (int64_t i = 0; i < a.shape[0]; ++i)
    out.as<T>()[i * out.strides[0]] =
        sum_row(row_of<T>(a, i, copies[0]), row_of<T>(b, i, copies[1]), a.shape[1]);
}

}  // namespace

void sum_of_products(const View& a, const View& b, const View& out) {
  if (out.dtype == DType::float32) sum_rows<float>(a, b, out);
  else sum_rows<double>(a, b, out);
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lanewise::kernels {

HWY_EXPORT(sum_of_products);

void fast::sum_of_products(const View& a, const View& b, const View& out) {
  HWY_DYNAMIC_DISPATCH(sum_of_products)(a, b, out);
}

}  // namespace lanewise::kernels
#endif  // HWY_ONCE
