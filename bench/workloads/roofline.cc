#include "workloads/roofline.h"

#include <sys/mman.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <functional>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "kernels/simd.h"
// Targets must be limited before Highway is seen.
#include "hwy/cache_control.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "workloads/roofline.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::bench::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;

// Twelve independent chains hide the latency of a multiply-add. Returns the operations done.
double multiply_adds(int64_t count, float* sink) {
  const Floats d;
  const auto factor = hn::Set(d, *sink);
  // Chains that began alike would be one to the compiler.
  auto start = [&](float x) { return hn::Set(d, *sink + x); };
  auto a = start(1), b = start(2), c = start(3), e = start(4), f = start(5), g = start(6);
  auto h = start(7), i = start(8), j = start(9), k = start(10), l = start(11), m = start(12);
  for (int64_t n = 0; n < count; ++n) {
    a = hn::MulAdd(a, factor, factor), b = hn::MulAdd(b, factor, factor);
    c = hn::MulAdd(c, factor, factor), e = hn::MulAdd(e, factor, factor);
    f = hn::MulAdd(f, factor, factor), g = hn::MulAdd(g, factor, factor);
    h = hn::MulAdd(h, factor, factor), i = hn::MulAdd(i, factor, factor);
    j = hn::MulAdd(j, factor, factor), k = hn::MulAdd(k, factor, factor);
    l = hn::MulAdd(l, factor, factor), m = hn::MulAdd(m, factor, factor);
  }
  const auto first = hn::Add(hn::Add(hn::Add(a, b), hn::Add(c, e)), hn::Add(f, g));
  const auto second = hn::Add(hn::Add(hn::Add(h, i), hn::Add(j, k)), hn::Add(l, m));
  *sink = hn::GetLane(hn::SumOfLanes(d, hn::Add(first, second)));
  return 2.0 * 12 * static_cast<double>(count) * static_cast<double>(hn::Lanes(d));
}

// Returns the bytes moved.
double triad(float* HWY_RESTRICT a, const float* b, const float* c, int64_t count) {
  const Floats d;
  const auto scale = hn::Set(d, 0.5f);
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < count; i += lanes)
    hn::Stream(hn::MulAdd(scale, hn::Load(d, c + i), hn::Load(d, b + i)), d, a + i);
  hwy::FlushStream();
  return 3.0 * sizeof(float) * static_cast<double>(count);
}

const char* target() { return hwy::TargetName(HWY_TARGET); }

}  // namespace lanewise::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lanewise::bench {

HWY_EXPORT(multiply_adds);
HWY_EXPORT(triad);
HWY_EXPORT(target);

namespace {

constexpr int kTries = 15;  // a busy machine leaves a few undisturbed
constexpr int64_t kMultiplyAdds = 4'000'000;
constexpr int64_t kTriadFloats = 64 << 20;  // an array; three together exceed what an L3 keeps

// Floats in huge pages, touched; outside of malloc, so that no later run inherits the pages.
class Pages {
 public:
  explicit Pages(int64_t count) : bytes_(static_cast<std::size_t>(count) * sizeof(float)) {
    data_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data_ == MAP_FAILED) throw std::bad_alloc();
    madvise(data_, bytes_, MADV_HUGEPAGE);
    std::fill_n(floats(), count, 1.0f);
  }
  ~Pages() { munmap(data_, bytes_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  float* floats() const { return static_cast<float*>(data_); }

 private:
  std::size_t bytes_;
  void* data_;
};

// `work(thread)` returns what it did; all threads begin together. What they did a second.
double rate(int threads, const std::function<double(int)>& work) {
  using Clock = std::chrono::steady_clock;
  std::barrier start(threads);
  std::mutex lock;
  double sum = 0;
  const auto run = [&](int thread) {
    start.arrive_and_wait();
    const auto begin = Clock::now();
    const double done = work(thread);
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    const std::lock_guard guard(lock);
    sum += done / seconds;
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(run, t);
  run(0);
  for (std::thread& t : others) t.join();
  return sum;
}

double best_rate(int threads, const std::function<double(int)>& work) {
  double best = 0;
  for (int i = 0; i < kTries; ++i) best = std::max(best, rate(threads, work));
  return best;
}

double measure_bandwidth(int threads) {
  const Pages a(kTriadFloats), b(kTriadFloats), c(kTriadFloats);
  const int64_t share = kTriadFloats / threads / 64 * 64;
  return best_rate(threads, [&](int thread) {
    const int64_t first = thread * share;
    return HWY_DYNAMIC_DISPATCH(triad)(a.floats() + first, b.floats() + first, c.floats() + first,
                                       share);
  });
}

}  // namespace

Roofline measure_roofline(int threads) {
  Roofline roofline;
  roofline.isa = HWY_DYNAMIC_DISPATCH(target)();
  roofline.flops = best_rate(threads, [](int) {
    float sink = 0.5f;
    return HWY_DYNAMIC_DISPATCH(multiply_adds)(kMultiplyAdds, &sink);
  });
  roofline.bandwidth = measure_bandwidth(threads);
  return roofline;
}

}  // namespace lanewise::bench
#endif  // HWY_ONCE
