// The threads that run kernels.
#pragma once

#include <cstdint>
#include <functional>

namespace lanewise {

// Calls body(begin, end) over [0, count) cut into runs of at least `grain`,
// on the pool's threads and the caller. The cut never decides the order of a
// summation, so results don't depend on it. A busy pool, or a call from inside
// a body, runs everything on the calling thread. The first exception of a body
// is thrown again here when all threads are done.
void parallel_for(int64_t count, int64_t grain,
                  const std::function<void(int64_t begin, int64_t end)>& body);

// Threads that parallel_for may use, the caller included: LANEWISE_NUM_THREADS,
// else the processors that affinity and cgroup leave to this process.
int thread_count();
// Errors: ValueError when count < 1.
void set_thread_count(int count);

}  // namespace lanewise
