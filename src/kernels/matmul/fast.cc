// The product: batches around the driver (driver.h) for floats, plain loops for integers.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/fast.cc"
#include "kernels/simd.h"
// The order of these matters.
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/matmul/block_families-inl.h"
#include "kernels/matmul/driver.h"
#include "kernels/matmul/integer-inl.h"
#include "kernels/matmul/matmul.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {

MatmulKernels<float> matmul_f32() { return make_matmul_kernels<float>(); }
MatmulKernels<double> matmul_f64() { return make_matmul_kernels<double>(); }

void matmul_bool(const Product<bool>& g) { integer_product(g); }
void matmul_i8(const Product<int8_t>& g) { integer_product(g); }
void matmul_u8(const Product<uint8_t>& g) { integer_product(g); }
void matmul_i32(const Product<int32_t>& g) { integer_product(g); }
void matmul_i64(const Product<int64_t>& g) { integer_product(g); }

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lanewise::kernels {

HWY_EXPORT(matmul_f32);
HWY_EXPORT(matmul_f64);
HWY_EXPORT(matmul_bool);
HWY_EXPORT(matmul_i8);
HWY_EXPORT(matmul_u8);
HWY_EXPORT(matmul_i32);
HWY_EXPORT(matmul_i64);

namespace fast {

template <>
const MatmulKernels<float>& matmul_kernels() {
  static const MatmulKernels<float> kernels = HWY_DYNAMIC_DISPATCH(matmul_f32)();
  return kernels;
}
template <>
const MatmulKernels<double>& matmul_kernels() {
  static const MatmulKernels<double> kernels = HWY_DYNAMIC_DISPATCH(matmul_f64)();
  return kernels;
}

namespace {

constexpr int64_t kGrain = 128 << 10;  // multiply-adds worth a thread

template <class T>
using Multiplier = void (*)(const Product<T>&);

template <class T>
void multiply_floats(const Product<T>& g) {
  MatmulDriver<T>(matmul_kernels<T>()).run(g);
}

// Rows on all threads.
template <class T>
void by_rows(Multiplier<T> multiply, const Product<T>& g) {
  const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, g.n * g.k));
  parallel_for(g.m, grain, [&](int64_t begin, int64_t end) {
    Product<T> part = g;
    part.m = end - begin;
    part.a += begin * g.a_m;
    part.c += begin * g.c_m;
    multiply(part);
  });
}
void multiply_bool(const Product<bool>& g) { by_rows(HWY_DYNAMIC_DISPATCH(matmul_bool), g); }
void multiply_i8(const Product<int8_t>& g) { by_rows(HWY_DYNAMIC_DISPATCH(matmul_i8), g); }
void multiply_u8(const Product<uint8_t>& g) { by_rows(HWY_DYNAMIC_DISPATCH(matmul_u8), g); }
void multiply_i32(const Product<int32_t>& g) { by_rows(HWY_DYNAMIC_DISPATCH(matmul_i32), g); }
void multiply_i64(const Product<int64_t>& g) { by_rows(HWY_DYNAMIC_DISPATCH(matmul_i64), g); }

// Batches that share B and follow one another in A and C are more rows of one product.
void join_batches_with_rows(View* a, View* b, View* out) {
  while (out->rank() > 2) {
    const int batch = out->rank() - 3, row = batch + 1;
    const int64_t m = out->shape[row];
    if (b->strides[batch] != 0 || a->strides[batch] != a->strides[row] * m ||
        out->strides[batch] != out->strides[row] * m) {
      return;
    }
    for (View* v : {a, out}) {
      v->shape[row] *= v->shape[batch];
      v->shape.erase(batch);
      v->strides.erase(batch);
    }
    b->shape.erase(batch);
    b->strides.erase(batch);
  }
}

template <class T>
void multiply_batches(Multiplier<T> multiply, const View& a, const View& b, const View& out) {
  const Batches<T> batches(a, b, out);
  if (batches.count() == 1) return multiply(batches[0]);
  const int64_t work = std::max<int64_t>(
      1, out.size() / std::max<int64_t>(1, batches.count()) * a.shape[a.rank() - 1]);
  // Few large products share the threads; many have one each.
  if (batches.count() < 2 * thread_count() && work > kGrain) {
    for (int64_t i = 0; i < batches.count(); ++i) multiply(batches[i]);
    return;
  }
  parallel_for(batches.count(), std::max<int64_t>(1, kGrain / work),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) multiply(batches[i]);
               });
}

}  // namespace

void matmul(const View& a, const View& b, const View& out) {
  View x = a, y = b, z = out;
  join_batches_with_rows(&x, &y, &z);
  switch (out.dtype) {
    case DType::bool_: return multiply_batches<bool>(multiply_bool, x, y, z);
    case DType::int8: return multiply_batches<int8_t>(multiply_i8, x, y, z);
    case DType::uint8: return multiply_batches<uint8_t>(multiply_u8, x, y, z);
    case DType::int32: return multiply_batches<int32_t>(multiply_i32, x, y, z);
    case DType::int64: return multiply_batches<int64_t>(multiply_i64, x, y, z);
    case DType::float32: return multiply_batches<float>(multiply_floats<float>, x, y, z);
    case DType::float64: return multiply_batches<double>(multiply_floats<double>, x, y, z);
  }
}

}  // namespace fast
}  // namespace lanewise::kernels
#endif  // HWY_ONCE
