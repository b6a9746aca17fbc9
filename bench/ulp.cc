// Measures the vector functions: their largest error in units in the last place, and their speed.
//
//     lanewise_ulp [NAME]
//
// float32: every number there is, against libm's double. float64: a sample, half of it any bits and
// half of it within 2^±12, against libm's long double. power: a sample of pairs whose results are
// of all sizes. All threads work; ns is the time of the function alone on one of them. Exits 1
// where a promise (kernels/elementwise/accuracy.h) is broken.
#include <fmt/core.h>

#include <bit>
#include <chrono>
#include <mutex>

#include "base/thread_pool.h"
#include "kernels/elementwise/accuracy.h"
#include "kernels/isa.h"

namespace lanewise::kernels {
namespace {

constexpr int64_t kChunk = 4096;
constexpr int64_t kAllFloats = int64_t{1} << 32;
constexpr int64_t kDoubles = int64_t{100'000'000} / kChunk * kChunk;

float input(int64_t index, float) { return std::bit_cast<float>(static_cast<uint32_t>(index)); }

// SplitMix64 of the index.
double input(int64_t index, double) {
  uint64_t bits = static_cast<uint64_t>(index + 1) * 0x9E3779B97F4A7C15u;
  bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9u;
  bits = (bits ^ bits >> 27) * 0x94D049BB133111EBu;
  bits ^= bits >> 31;
  if (index % 2 == 0) return std::bit_cast<double>(bits);
  const uint64_t exponent = 1023 - 12 + (bits >> 52 & 2047) % 24;
  return std::bit_cast<double>((bits & ~(uint64_t{2047} << 52)) | exponent << 52);
}

struct Measure {
  double worst = 0, at = 0;
  int64_t nanoseconds = 0;

  void see(double error, double x) {
    if (error > worst) worst = error, at = x;
  }
  template <class Work>
  void time(Work work) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    work();
    nanoseconds += std::chrono::nanoseconds(Clock::now() - start).count();
  }
  void merge(const Measure& other) {
    see(other.worst, other.at);
    nanoseconds += other.nanoseconds;
  }
};

template <class T>
View view(T* data) {
  return {reinterpret_cast<std::byte*>(data), dtype_of<T>, {kChunk}, {1}};
}

template <class T, class Exact>
void measure_chunk(Unary op, Exact exact, int64_t first, Measure* m) {
  T x[kChunk], y[kChunk];
  for (int64_t i = 0; i < kChunk; ++i) x[i] = input(first + i, T{});
  m->time([&] { fast_family().unary(op, view(x), view(y)); });
  for (int64_t i = 0; i < kChunk; ++i) m->see(ulps(y[i], exact(x[i])), x[i]);
}

// Bases of all sizes, to powers that give results of all sizes and a tenth beyond. Seen at the
// base.
template <class T, class Wide>
void measure_powers(int64_t first, Measure* m) {
  T x[kChunk], y[kChunk], z[kChunk];
  for (int64_t i = 0; i < kChunk; ++i) {
    x[i] = static_cast<T>(std::fabs(input(2 * (first + i) + 1, double{})));
    const double size = input(2 * (first + i) + 2, double{});
    const double share = std::bit_cast<uint64_t>(size) / std::exp2(63) - 1;
    y[i] = static_cast<T>(1.1 * std::numeric_limits<T>::max_exponent * share / std::log2(x[i]));
  }
  m->time([&] { fast_family().binary(Binary::power, view(x), view(y), view(z)); });
  for (int64_t i = 0; i < kChunk; ++i)
    m->see(ulps(z[i], std::pow(static_cast<Wide>(x[i]), static_cast<Wide>(y[i]))), x[i]);
}

// Of all chunks; true where the limit holds.
template <class Chunk>
bool measure(std::string_view name, std::string_view dtype, int64_t count, double limit,
             Chunk chunk) {
  Measure total;
  std::mutex lock;
  parallel_for(count / kChunk, 64, [&](int64_t begin, int64_t end) {
    Measure mine;
    for (int64_t c = begin; c < end; ++c) chunk(c * kChunk, &mine);
    const std::lock_guard guard(lock);
    total.merge(mine);
  });
  fmt::print("{:8} {:8} {:8.3f} {:6} {:24.17g} {:10.3f}\n", name, dtype, total.worst, limit,
             total.at, static_cast<double>(total.nanoseconds) / static_cast<double>(count));
  std::fflush(stdout);
  return total.worst <= limit;
}

int run(std::string_view name) {
  choose_isa();
  fmt::print("{}, {} threads\n", isa_name(), thread_count());
  fmt::print("{:8} {:8} {:>8} {:>6} {:>24} {:>10}\n", "", "", "max ULP", "limit", "at", "ns");
  bool kept = true;
  for (const Promise& p : kPromises) {
    if (!name.empty() && name != p.name) continue;
    kept &= measure(p.name, "float32", kAllFloats, p.limit, [&](int64_t first, Measure* m) {
      measure_chunk<float>(p.op, p.exact, first, m);
    });
    kept &= measure(p.name, "float64", kDoubles, 2 * p.limit, [&](int64_t first, Measure* m) {
      measure_chunk<double>(p.op, p.exact_long, first, m);
    });
  }
  if (name.empty() || name == "power") {
    kept &= measure("power", "float32", kDoubles, kPowerLimit, measure_powers<float, double>);
    kept &=
        measure("power", "float64", kDoubles, 2 * kPowerLimit, measure_powers<double, long double>);
  }
  return kept ? 0 : 1;
}

}  // namespace
}  // namespace lanewise::kernels

int main(int argc, char** argv) { return lanewise::kernels::run(argc > 1 ? argv[1] : ""); }
