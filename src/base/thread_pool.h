// The threads that run kernels.
#pragma once

#include <cstdint>
#include <type_traits>

namespace lanewise {

// A reference to what is called with such arguments; making one allocates nothing.
template <class... Arguments>
class BodyRef {
 public:
  template <class F>
  requires(!std::is_same_v<F, BodyRef>) BodyRef(const F& f)
      : f_(&f), call_([](const void* callee, Arguments... arguments) {
          (*static_cast<const F*>(callee))(arguments...);
        }) {}
  void operator()(Arguments... arguments) const { call_(f_, arguments...); }

 private:
  const void* f_;
  void (*call_)(const void* callee, Arguments... arguments);
};

// The runs that one thread takes, one after the other.
class Runs {
 public:
  // The next one, [begin, end); false: none is left.
  virtual bool next(int64_t& begin, int64_t& end) = 0;

 protected:
  ~Runs() = default;
};

using RangeBody = BodyRef<int64_t, int64_t>;
using RunsBody = BodyRef<Runs&>;

// Calls body(begin, end) over [0, count) cut into runs of at least `grain`,
// on the pool's threads and the caller. The cut never decides the order of a
// summation, so results don't depend on it. A busy pool, or a call from inside
// a body, runs everything on the calling thread. The first exception of a body
// is thrown again here when all threads are done.
void parallel_for(int64_t count, int64_t grain, const RangeBody& body);
// The same where a thread makes something for all runs that it takes: body(runs), once a thread.
void parallel_runs(int64_t count, int64_t grain, const RunsBody& body);

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
