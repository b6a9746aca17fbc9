// The nearest of a million samples to a few queries, in one pass; the k best of an array.
#include <benchmark/benchmark.h>

#include "lanewise/ops.h"
#include "lanewise/random.h"
#include "lanewise/runtime.h"

namespace lanewise {
namespace {

using Arrays = std::vector<Array>;

Array numbers(const Shape& shape) {
  const Array like = zeros(shape, DType::float32);
  return random::counter_uniform(Array(int64_t{1}), like) - 0.5;
}

void run(benchmark::State& state, const Function& f, const Arrays& arguments, double flops) {
  eval(arguments);
  const auto program = compile(f, {{0, -1}});
  for (auto _ : state) benchmark::DoNotOptimize(program(arguments));
  using benchmark::Counter;
  state.counters["FLOP/s"] = Counter(flops, Counter::kIsIterationInvariantRate);
  state.counters["B/s"] =
      Counter(static_cast<double>(arguments[0].size()) * 4, Counter::kIsIterationInvariantRate);
}

// Of 1,000,000 x 128 and 16 queries.
constexpr int64_t kSamples = 1'000'000, kFeatures = 128, kQueries = 16;

void with_scores(benchmark::State& state, Arrays (*f)(const Array& x, const Array& scores)) {
  run(
      state, [f](const Arrays& a) { return f(a[0], matmul(a[0], a[1].T())); },
      {numbers({kSamples, kFeatures}), numbers({kQueries, kFeatures}) * 2.0},
      2.0 * kSamples * kFeatures * kQueries);
}
Arrays both(const TopK& best) { return {best.values, best.indices}; }

void sum_of_scores(benchmark::State& state) {
  with_scores(state, [](const Array&, const Array& scores) -> Arrays { return {sum(scores, 0)}; });
}
void top_10_indices_of_scores(benchmark::State& state) {
  with_scores(state, [](const Array&, const Array& scores) -> Arrays {
    return {top_k(scores, 10, 0).indices};
  });
}
void top_10_of_scores(benchmark::State& state) {
  with_scores(state, [](const Array&, const Array& scores) { return both(top_k(scores, 10, 0)); });
}
void nearest_10(benchmark::State& state) {
  with_scores(state, [](const Array& x, const Array& scores) {
    return both(top_k(sum(square(x), 1, true) - 2.0 * scores, 10, 0, false));
  });
}
BENCHMARK(sum_of_scores)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(top_10_indices_of_scores)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(top_10_of_scores)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(nearest_10)->Unit(benchmark::kMillisecond)->UseRealTime();

// The k best of an array along its only or its last axis, k being the argument.
void top_k_of(benchmark::State& state, const Shape& shape, int axis) {
  const int64_t k = state.range(0);
  run(
      state, [=](const Arrays& a) -> Arrays { return {top_k(a[0], k, axis).indices}; },
      {numbers(shape)}, 0);
}
BENCHMARK_CAPTURE(top_k_of, vector, Shape({16'000'000}), 0)
    ->Arg(1)
    ->Arg(10)
    ->Arg(1000)
    ->UseRealTime();
BENCHMARK_CAPTURE(top_k_of, columns, Shape({1'000'000, 16}), 0)->Arg(10)->UseRealTime();
BENCHMARK_CAPTURE(top_k_of, rows, Shape({16'000, 1000}), 1)->Arg(10)->UseRealTime();
BENCHMARK_CAPTURE(top_k_of, short_rows, Shape({1'000'000, 16}), 1)->Arg(3)->UseRealTime();

}  // namespace
}  // namespace lanewise
