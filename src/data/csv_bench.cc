// Reading a numeric table from memory.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <iterator>

#include "base/thread_pool.h"
#include "lanewise/data.h"

namespace lanewise {
namespace {

constexpr std::size_t kBytes = std::size_t{64} << 20;
constexpr int kColumns = 10;

// Numbers of 1 to 8 digits with up to four decimals, as measurements have.
double value(uint64_t i) {
  const uint64_t bits = (i + 1) * 0x9e3779b97f4a7c15u >> 20;
  static constexpr double kScales[] = {1, 10, 100, 10000};
  return (static_cast<double>(bits % 20000000) - 1e7) / kScales[i % 4];
}

const std::string& text() {
  static const std::string made = [] {
    std::string csv;
    csv.reserve(kBytes + 1024);
    for (int c = 0; c < kColumns; ++c) csv += fmt::format("{}x{}", c ? "," : "", c);
    for (uint64_t i = 0; csv.size() < kBytes; ++i)
      fmt::format_to(std::back_inserter(csv), "{}{}", i % kColumns ? ',' : '\n', value(i));
    csv.resize(csv.rfind('\n') + 1);
    return csv;
  }();
  return made;
}

void csv_numbers(benchmark::State& state) {
  const int before = thread_count();
  set_thread_count(static_cast<int>(state.range(0)));
  const std::string& csv = text();  // made outside of what is timed
  for (auto _ : state) benchmark::DoNotOptimize(parse_csv(csv).rows);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(csv.size()));
  set_thread_count(before);
}
BENCHMARK(csv_numbers)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lanewise
