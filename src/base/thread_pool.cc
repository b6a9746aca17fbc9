// A pool of parked threads. A call publishes a job, wakes the workers, takes
// pieces of the job itself and waits until all are done. Workers spin for a
// moment before they park, so that calls in quick succession find them awake.
#include "base/thread_pool.h"

#include <fmt/format.h>
#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "base/cpu.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

using Body = std::function<void(int64_t, int64_t)>;

struct Job {
  const Body* body = nullptr;
  int64_t count = 0, piece = 1;
  std::atomic<int64_t> next{0};
  std::atomic<int> running{0};
  std::mutex error_mutex;
  std::exception_ptr error;

  void work() {
    for (int64_t begin; (begin = next.fetch_add(piece)) < count;) {
      try {
        (*body)(begin, std::min(count, begin + piece));
      } catch (...) {
        next = count;
        const std::lock_guard lock(error_mutex);
        if (!error) error = std::current_exception();
      }
    }
  }
};

thread_local bool inside_body = false;

class Pool {
 public:
  ~Pool() { stop(); }

  int size() const { return threads_wanted_; }
  void resize(int count) {
    const std::lock_guard busy(busy_);
    stop();
    threads_wanted_ = count;
  }

  void run(int64_t count, int64_t piece, const Body& body) {
    std::unique_lock busy(busy_, std::try_to_lock);
    if (!busy.owns_lock()) return body(0, count);
    start();
    Job job;
    job.body = &body;
    job.count = count;
    job.piece = piece;
    {
      const std::lock_guard lock(mutex_);
      job_ = &job;
      job.running = static_cast<int>(workers_.size());
      ++generation_;
    }
    wake_.notify_all();
    inside_body = true;
    job.work();
    inside_body = false;
    wait_for([&] { return job.running == 0; });
    if (job.error) std::rethrow_exception(job.error);
  }

  // In the child of a fork there are no workers, and locks may be held by nobody.
  void forget() {
    for (std::thread& worker : workers_) new (&worker) std::thread();
    new (&mutex_) std::mutex();
    new (&busy_) std::mutex();
    new (&wake_) std::condition_variable();
    workers_.clear();
  }

 private:
  static constexpr int kSpins = 2000;

  void start() {
    while (static_cast<int>(workers_.size()) + 1 < threads_wanted_)
      workers_.emplace_back([this, seen = generation_.load()] { serve(seen); });
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
    stopping_ = false;
  }

  void serve(int64_t seen) {
    inside_body = true;
    for (;;) {
      for (int spin = 0; spin < spins() && generation_ == seen && !stopping_; ++spin)
        __builtin_ia32_pause();
      Job* job = nullptr;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return generation_ != seen || stopping_; });
        if (stopping_) return;
        seen = generation_;
        job = job_;
      }
      job->work();
      job->running.fetch_sub(1);
    }
  }

  // More threads than processors: whoever spins keeps another from working.
  int spins() const { return threads_wanted_ <= machine().processors ? kSpins : 0; }

  template <class Done>
  void wait_for(Done done) {
    for (int64_t spin = 0; !done(); ++spin) {
      if (spin < spins()) __builtin_ia32_pause();
      else std::this_thread::yield();
    }
  }

  std::mutex busy_;  // held by the call that uses the workers
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
  Job* job_ = nullptr;
  std::atomic<int64_t> generation_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<int> threads_wanted_{default_threads()};

  static int default_threads() {
    if (const char* text = std::getenv("LANEWISE_NUM_THREADS"))
      if (const int count = std::atoi(text); count >= 1) return count;
    return machine().processors;
  }
};

Pool& pool() {
  static Pool instance;
  static const int registered = pthread_atfork(nullptr, nullptr, [] { pool().forget(); });
  (void)registered;
  return instance;
}

}  // namespace

void parallel_for(int64_t count, int64_t grain, const Body& body) {
  if (count <= 0) return;
  const int threads = inside_body ? 1 : pool().size();
  if (threads == 1 || count <= grain) return body(0, count);
  // A few pieces a thread even out uneven work.
  const int64_t pieces =
      std::min<int64_t>((count + grain - 1) / std::max<int64_t>(grain, 1), threads * 4);
  pool().run(count, (count + pieces - 1) / pieces, body);
}

int thread_count() { return pool().size(); }

void set_thread_count(int count) {
  if (count < 1)
    throw ValueError(fmt::format("set_thread_count: {} threads, expected 1 or more", count));
  pool().resize(count);
}

}  // namespace lanewise
