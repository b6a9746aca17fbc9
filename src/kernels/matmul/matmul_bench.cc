// The speed of products in GFLOP/s, beside the peak of the machine's multiply-adds.
#include <benchmark/benchmark.h>

#include "base/thread_pool.h"
#include "kernels/kernels.h"

namespace lanewise::kernels {
namespace {

Tensor ones(DType d, const Shape& shape) {
  Tensor t = Tensor::empty(d, shape);
  with_type(d, [&]<class T>(std::type_identity<T>) {
    for (int64_t i = 0; i < t.size(); ++i) t.as<T>()[i] = static_cast<T>(i % 7);
  });
  return t;
}

enum Side { plain, transposed };

void product(benchmark::State& state, DType d, Side left, Side right) {
  const int64_t m = state.range(0), k = state.range(1), n = state.range(2);
  set_thread_count(static_cast<int>(state.range(3)));
  Tensor a = ones(d, left == plain ? Shape{m, k} : Shape{k, m});
  Tensor b = ones(d, right == plain ? Shape{k, n} : Shape{n, k});
  const View x = left == plain ? static_cast<View>(a) : transpose_view(a, {1, 0});
  const View y = right == plain ? static_cast<View>(b) : transpose_view(b, {1, 0});
  const Tensor c = Tensor::empty(d, {m, n});
  const Family& family = fast_family();
  for (auto _ : state) {
    family.matmul(x, y, c);
    benchmark::ClobberMemory();
  }
  state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * static_cast<double>(m * k * n),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

void shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"m", "k", "n", "threads"})->UseRealTime();
  for (int64_t threads : {1, 2}) {
    b->Args({256, 600, 128, threads});
    b->Args({1024, 1024, 1024, threads});
    b->Args({128, 784, 256, threads});
    b->Args({96, 100, 64, threads});
    b->Args({10000, 100, 256, threads});
    b->Args({10000, 64, 1, threads});
    b->Args({10000, 28, 10, threads});
  }
  b->Args({1, 784, 256, 1});
  b->Args({5000, 2, 10, 1});
}

BENCHMARK_CAPTURE(product, f32, DType::float32, plain, plain)->Apply(shapes);
BENCHMARK_CAPTURE(product, f64, DType::float64, plain, plain)->Apply(shapes);
BENCHMARK_CAPTURE(product, f32_left_transposed, DType::float32, transposed, plain)
    ->ArgNames({"m", "k", "n", "threads"})
    ->Args({600, 256, 128, 1})
    ->Args({784, 128, 256, 1})
    ->Args({1024, 1024, 1024, 1})
    ->UseRealTime();
BENCHMARK_CAPTURE(product, f32_right_transposed, DType::float32, plain, transposed)
    ->ArgNames({"m", "k", "n", "threads"})
    ->Args({256, 128, 600, 1})
    ->Args({1, 784, 256, 1})
    ->Args({1024, 1024, 1024, 1})
    ->UseRealTime();

}  // namespace
}  // namespace lanewise::kernels
