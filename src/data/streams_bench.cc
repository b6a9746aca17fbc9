// Bytes a second from the page cache: plain reads, a source, and a source read ahead.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "base/tensor.h"
#include "io/file.h"
#include "lanewise/data.h"

namespace lanewise {
namespace {

constexpr int64_t kSamples = 2'000'000, kFeatures = 32, kRun = 131'072;
constexpr int64_t kBytes = kSamples * kFeatures * 4;

// A file that is removed at exit.
class BenchFile {
 public:
  explicit BenchFile(bool columns)
      : path_(std::filesystem::temp_directory_path() / "lanewise_streams_bench.npy") {
    NpySinkOptions options{columns, false, kSamples};
    auto sink = npy_sink(path_, {kFeatures}, DType::float32, options);
    const Array run = ones(columns ? Shape{kFeatures, kRun} : Shape{kRun, kFeatures});
    for (int64_t at = 0; at < kSamples; at += kRun) {
      const Index part = slice(0, std::min(kRun, kSamples - at));
      const Array some = columns ? run[{slice(), part}] : run[part];
      sink->push(std::span(&some, 1));
    }
    sink->close();
  }
  ~BenchFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void finish(benchmark::State& state) { state.SetBytesProcessed(state.iterations() * kBytes); }

void BM_PlainRead(benchmark::State& state) {
  const BenchFile made(false);
  const File file(made.path());
  for (auto _ : state) {
    const int64_t step = kRun * kFeatures * 4;
    for (int64_t at = 0; at < kBytes; at += step) {
      const Buffer buffer = Buffer::allocate(static_cast<std::size_t>(step));
      file.read_at(at, buffer.data, std::min(step, kBytes - at));
    }
  }
  finish(state);
}
BENCHMARK(BM_PlainRead)->UseRealTime();

// Arguments: columns, read ahead, past the page cache, to float64.
void BM_NpySource(benchmark::State& state) {
  const bool columns = state.range(0) != 0;
  const BenchFile made(columns);
  const std::optional<DType> dtype = state.range(3) ? std::optional(DType::float64) : std::nullopt;
  for (auto _ : state) {
    auto source = npy_source(made.path(), {dtype, columns, state.range(2) != 0});
    if (state.range(1)) source = read_ahead(std::move(source));
    while (source->pull(kRun)[0].shape(source->sample_axis()) == kRun) continue;
  }
  finish(state);
}
BENCHMARK(BM_NpySource)
    ->Args({0, 0, 0, 0})
    ->Args({0, 1, 0, 0})
    ->Args({1, 0, 0, 0})
    ->Args({1, 1, 0, 0})
    ->Args({0, 1, 1, 0})
    ->Args({1, 1, 1, 0})
    ->Args({0, 1, 0, 1})
    ->UseRealTime();

}  // namespace
}  // namespace lanewise
