// The threads that run kernels.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanewise {

// A reference to what is called with a run [begin, end); making one allocates nothing.
class RangeBody {
 public:
  template <class F>
  requires(!std::is_same_v<F, RangeBody>) RangeBody(const F& f)
      : f_(&f), call_([](const void* callee, int64_t begin, int64_t end) {
          (*static_cast<const F*>(callee))(begin, end);
        }) {}
  void operator()(int64_t begin, int64_t end) const { call_(f_, begin, end); }

 private:
  const void* f_;
  void (*call_)(const void* callee, int64_t begin, int64_t end);
};

// Calls body(begin, end) over [0, count) cut into runs of at least `grain`,
// on the pool's threads and the caller. The cut never decides the order of a
// summation, so results don't depend on it. A busy pool, or a call from inside
// a body, runs everything on the calling thread. The first exception of a body
// is thrown again here when all threads are done.
void parallel_for(int64_t count, int64_t grain, const RangeBody& body);

// More threads than this are never started; larger counts mean this one.
inline constexpr int kMaxThreads = 1024;

// Threads that parallel_for may use, the caller included: LANEWISE_NUM_THREADS
// where it is a number from 1 (stderr says so where it isn't), else the processors
// that affinity and cgroup leave to this process.
int thread_count();
// Waits for a parallel_for that runs on another thread.
// Errors: ValueError when count < 1, or from inside a body of parallel_for.
void set_thread_count(int count);

}  // namespace lanewise
