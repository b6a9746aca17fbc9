// What a call of parallel_for costs beside its work.
#include <benchmark/benchmark.h>

#include <chrono>

#include "base/thread_pool.h"

namespace lanewise {
namespace {

void pass(std::chrono::nanoseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) benchmark::DoNotOptimize(end);
}

// A run for each thread that takes so many microseconds, then as many on the calling thread alone.
void call_of_parallel_for(benchmark::State& state) {
  const std::chrono::microseconds work(state.range(0));
  for (auto _ : state) {
    parallel_for(thread_count(), 1,
                 [&](int64_t begin, int64_t end) { pass(work * (end - begin)); });
    pass(work);
  }
}
BENCHMARK(call_of_parallel_for)->Arg(0)->Arg(5)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace lanewise
