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

// At most a block.
template <class T>
LANEWISE_INLINE T sum_block(const T* a, const T* b, int64_t n) {
  using L = LaneVectors<T>;
  typename L::V lane[L::kCount];
#pragma GCC unroll 16
  for (int v = 0; v < L::kCount; ++v) lane[v] = hn::Zero(typename L::D());
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes) {
#pragma GCC unroll 16
    for (int v = 0; v < L::kCount; ++v)
      lane[v] = hn::Add(lane[v], hn::Mul(L::load(a + j, v), L::load(b + j, v)));
  }
  if (j < n) {  // a product of zeros changes no lane: none is -0
#pragma GCC unroll 16
    for (int v = 0; v < L::kCount; ++v)
      lane[v] =
          hn::Add(lane[v], hn::Mul(L::load_first(n - j, a + j, v), L::load_first(n - j, b + j, v)));
  }
  return fold_lanes<Add, T>(lane);
}

template <class T>
LANEWISE_INLINE T sum_row(const T* a, const T* b, int64_t n) {
  if (n <= kBlock) return sum_block(a, b, n);
  const auto add = [](T* earlier, T later) { *earlier += later; };
  BinaryCounter<T, decltype(add)> sums(add);
  for (int64_t j = 0; j < n; j += kBlock)
    sums.push(sum_block(a + j, b + j, std::min(kBlock, n - j)));
  return sums.finish();
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
