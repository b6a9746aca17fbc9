// The speed of the functions in nanoseconds an element: one thread, an array that fits the L1
// cache.
#include <benchmark/benchmark.h>

#include "base/thread_pool.h"
#include "kernels/kernels.h"

namespace lanewise::kernels {
namespace {

constexpr int64_t kCount = 4096;

// Spread over `low` … `high`, in no order that a branch predictor could learn.
Tensor spread(DType d, double low, double high) {
  Tensor t = Tensor::empty(d, {kCount});
  with_type(d, [&]<class T>(std::type_identity<T>) {
    for (int64_t i = 0; i < kCount; ++i) {
      const double position = static_cast<double>(i * 2654435761 % kCount) / kCount;
      t.as<T>()[i] = static_cast<T>(low + (high - low) * position);
    }
  });
  return t;
}

void function(benchmark::State& state, Unary op, DType d, double low, double high) {
  set_thread_count(1);
  const Tensor x = spread(d, low, high), out = Tensor::empty(d, {kCount});
  const Family& family = fast_family();
  for (auto _ : state) {
    family.unary(op, x, out);
    benchmark::ClobberMemory();
  }
  state.counters["element"] = benchmark::Counter(
      kCount, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

#define FUNCTION(op, low, high)                                                \
  BENCHMARK_CAPTURE(function, op##_f32, Unary::op, DType::float32, low, high); \
  BENCHMARK_CAPTURE(function, op##_f64, Unary::op, DType::float64, low, high)

FUNCTION(exp, -10, 10);
FUNCTION(expm1, -10, 10);
FUNCTION(log, 0.001, 100);
FUNCTION(log1p, -0.99, 100);
FUNCTION(tanh, -4, 4);
FUNCTION(sigmoid, -10, 10);
FUNCTION(erf, -4, 4);
FUNCTION(sqrt, 0, 100);
FUNCTION(sin, -10, 10);
FUNCTION(cos, -10, 10);

void power(benchmark::State& state, DType d) {
  set_thread_count(1);
  const Tensor x = spread(d, 0.01, 10), y = spread(d, -3, 3), out = Tensor::empty(d, {kCount});
  const Family& family = fast_family();
  for (auto _ : state) {
    family.binary(Binary::power, x, y, out);
    benchmark::ClobberMemory();
  }
  state.counters["element"] = benchmark::Counter(
      kCount, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(power, f32, DType::float32);
BENCHMARK_CAPTURE(power, f64, DType::float64);

}  // namespace
}  // namespace lanewise::kernels
