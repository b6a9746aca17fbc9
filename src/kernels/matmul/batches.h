// A product of matrices as numbers, and the batch of them that three views are.
#pragma once

#include <cstdint>

#include "base/tensor.h"

namespace lanewise::kernels {

// C (m × n) = A (m × k) · B (k × n), each with a stride an axis, in elements.
template <class T>
struct Product {
  int64_t m, n, k;
  const T* a;
  int64_t a_m, a_k;
  const T* b;
  int64_t b_k, b_n;
  T* c;
  int64_t c_m, c_n;

  // C^T = B^T · A^T: the same chains, seen from the other side.
  Product transposed() const { return {n, m, k, b, b_n, b_k, a, a_k, a_m, c, c_n, c_m}; }
};

// The products of matmul(a, b, out), numbered in row-major order of the batch axes.
template <class T>
class Batches {
 public:
  Batches(const View& a, const View& b, const View& out)
      : a_(a), b_(b), out_(out), axes_(out.rank() - 2) {
    for (int axis = 0; axis < axes_; ++axis) count_ *= out.shape[axis];
  }

  int64_t count() const { return count_; }

  Product<T> operator[](int64_t index) const {
    int64_t a = 0, b = 0, c = 0;
    for (int axis = axes_ - 1; axis >= 0; --axis) {
      const int64_t i = index % out_.shape[axis];
      index /= out_.shape[axis];
      a += i * a_.strides[axis];
      b += i * b_.strides[axis];
      c += i * out_.strides[axis];
    }
    const int m = axes_, n = axes_ + 1;
    return {out_.shape[m], out_.shape[n],    a_.shape[n],     a_.as<T>() + a,
            a_.strides[m], a_.strides[n],    b_.as<T>() + b,  b_.strides[m],
            b_.strides[n], out_.as<T>() + c, out_.strides[m], out_.strides[n]};
  }

 private:
  const View &a_, &b_, &out_;
  int axes_;
  int64_t count_ = 1;
};

}  // namespace lanewise::kernels
