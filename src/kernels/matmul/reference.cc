// The product as a textbook writes it, by fused multiply-adds.
#include <cmath>

#include "kernels/elementwise/operators.h"
#include "kernels/matmul/batches.h"
#include "kernels/matmul/matmul.h"

namespace lanewise::kernels::reference {
namespace {

template <class T>
T multiply_add(T a, T b, T c) {
  if constexpr (is_float_type<T>) return std::fma(a, b, c);
  else return Add{}(Multiply{}(a, b), c);
}

template <class T>
void product(const Product<T>& p) {
  for (int64_t i = 0; i < p.m; ++i) {
    for (int64_t j = 0; j < p.n; ++j) {
      T sum{};
      for (int64_t q = 0; q < p.k; ++q) {
        sum = multiply_add(p.a[i * p.a_m + q * p.a_k], p.b[q * p.b_k + j * p.b_n], sum);
      }
      p.c[i * p.c_m + j * p.c_n] = sum;
    }
  }
}

}  // namespace

void matmul(const View& a, const View& b, const View& out) {
  with_type(out.dtype, [&]<class T>(std::type_identity<T>) {
    const Batches<T> batches(a, b, out);
    for (int64_t i = 0; i < batches.count(); ++i) product(batches[i]);
  });
}

}  // namespace lanewise::kernels::reference
