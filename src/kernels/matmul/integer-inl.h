// Products of integers and bools: plain loops that the compiler vectorises.
#if defined(LANEWISE_MATMUL_INTEGER_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_MATMUL_INTEGER_INL_H
#undef LANEWISE_MATMUL_INTEGER_INL_H
#else
#define LANEWISE_MATMUL_INTEGER_INL_H
#endif

#include "hwy/highway.h"
#include "kernels/elementwise/operators.h"
#include "kernels/matmul/batches.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {

// Row i of C += a · row of B, where both lie side by side.
template <class T>
void add_multiple(T* c, T a, const T* b, int64_t n) {
#pragma GCC ivdep
  for (int64_t j = 0; j < n; ++j) c[j] = Add{}(c[j], Multiply{}(a, b[j]));
}

template <class T>
T dot(const T* a, int64_t a_k, const T* b, int64_t b_k, int64_t k) {
  T sum{};
  if (a_k == 1 && b_k == 1) {
    for (int64_t p = 0; p < k; ++p) sum = Add{}(sum, Multiply{}(a[p], b[p]));
  } else {
    for (int64_t p = 0; p < k; ++p) sum = Add{}(sum, Multiply{}(a[p * a_k], b[p * b_k]));
  }
  return sum;
}

template <class T>
void integer_product(const Product<T>& g) {
  const bool rows = g.b_n == 1 && g.c_n == 1 && g.n > 1;
  for (int64_t i = 0; i < g.m; ++i) {
    T* c = g.c + i * g.c_m;
    const T* a = g.a + i * g.a_m;
    if (rows) {
      for (int64_t j = 0; j < g.n; ++j) c[j] = T{};
      for (int64_t p = 0; p < g.k; ++p) add_multiple(c, a[p * g.a_k], g.b + p * g.b_k, g.n);
    } else {
      for (int64_t j = 0; j < g.n; ++j) {
        c[j * g.c_n] = dot(a, g.a_k, g.b + j * g.b_n, g.b_k, g.k);
      }
    }
  }
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
