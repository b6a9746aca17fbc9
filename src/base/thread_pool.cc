// A pool of parked threads. A call publishes a job and wakes workers; they and the
// caller take runs of it until none is left. Then the caller closes the job, which
// no worker may join any more, and waits only for those that did join: a worker
// that the system has not scheduled yet delays nobody. Workers spin for a moment
// before they park, so that calls in quick succession find them awake; one atomic
// word says all that they look for, so that nobody who is awake waits for a lock.
#include "base/thread_pool.h"

#include <fmt/format.h>
#include <pthread.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/cpu.h"
#include "base/environment.h"
#include "base/floating_point_mode.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

constexpr std::chrono::microseconds kSpin{20};
// A few runs a thread even out uneven work.
constexpr int64_t kRunsPerThread = 4;

thread_local bool inside_body = false;

#if defined(__x86_64__)
void relax() { _mm_pause(); }
#else
void relax() {}
#endif

// True as soon as done() is, false when the moment is over.
template <class Done>
bool spin_until(bool may_spin, Done done) {
  if (!may_spin) return done();
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 16; ++i) {
      if (done()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return done();
}

// A thread takes the runs of its own share first, then what others have left. So whoever does the
// same job again, one step of training after another, mostly finds its data in its own cache.
class Job {
 public:
  Job(int64_t count, int64_t runs, int threads, const RunsBody& body)
      : body_(body),
        count_(count),
        runs_(runs),
        share_count_(std::min({runs, static_cast<int64_t>(threads), kMostShares})) {
    for (int64_t s = 0; s < share_count_; ++s) shares_[s].next = first_of(s);
  }

  // `thread`: its number, the same in every job.
  void work(int thread) {
    Taken taken(*this, thread);
    if (!taken.any()) return;
    try {
      body_(taken);
    } catch (...) {
      for (int64_t s = 0; s < share_count_; ++s) shares_[s].next = runs_;
      const std::lock_guard lock(error_mutex_);
      if (!error_) error_ = std::current_exception();
    }
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

  // Of the caller. Workers take it over, so that no bit depends on the thread that computed it.
  const unsigned mode = floating_point_mode();

 private:
  static constexpr int64_t kMostShares = 16;
  struct alignas(64) Share {
    std::atomic<int64_t> next;
  };

  // What one thread takes. The next run is taken before it is asked for.
  class Taken final : public Runs {
   public:
    Taken(Job& job, int thread) : job_(job), thread_(thread) { take(); }
    bool any() const { return run_ >= 0; }
    bool next(int64_t& begin, int64_t& end) override {
      if (!taken_) take();
      taken_ = false;
      if (!any()) return false;
      begin = job_.start_of(run_);
      end = job_.start_of(run_ + 1);
      return true;
    }

   private:
    void take() {
      taken_ = true;
      for (; passed_ < job_.share_count_; ++passed_) {
        const int64_t share = (thread_ + passed_) % job_.share_count_;
        run_ = job_.shares_[share].next.fetch_add(1);
        if (run_ < job_.first_of(share + 1)) return;
      }
      run_ = -1;
    }

    Job& job_;
    const int64_t thread_;
    int64_t passed_ = 0, run_ = -1;  // shares without runs, the run at hand; -1: none is left
    bool taken_ = false;             // and not given out yet
  };

  // The runs of a share.
  int64_t first_of(int64_t share) const { return share * runs_ / share_count_; }
  // Runs differ by one element at most, so none is shorter than the grain.
  int64_t start_of(int64_t run) const {
    return run * (count_ / runs_) + run * (count_ % runs_) / runs_;
  }

  const RunsBody& body_;
  const int64_t count_, runs_, share_count_;
  Share shares_[kMostShares];
  std::mutex error_mutex_;
  std::exception_ptr error_;
};

int default_threads() {
  const int64_t count = number_from_environment("LANEWISE_NUM_THREADS", 1, machine().processors);
  return static_cast<int>(std::min<int64_t>(count, kMaxThreads));
}

// Everything in one run.
void run_alone(int64_t count, const RunsBody& body) {
  class Whole final : public Runs {
   public:
    explicit Whole(int64_t count) : count_(count) {}
    bool next(int64_t& begin, int64_t& end) override {
      begin = 0;
      end = std::exchange(count_, 0);
      return end > 0;
    }

   private:
    int64_t count_;
  };
  Whole whole(count);
  body(whole);
}

class Pool {
 public:
  ~Pool() { stop(); }

  int size() const { return threads_wanted_; }
  void resize(int count) {
    const std::lock_guard busy(busy_);
    stop();
    threads_wanted_ = count;
  }

  void run(int64_t count, int64_t runs, const RunsBody& body) {
    const std::unique_lock busy(busy_, std::try_to_lock);
    if (!busy.owns_lock()) return run_alone(count, body);
    Job job(count, runs, threads_wanted_, body);
    publish(job, runs);
    inside_body = true;
    job.work(0);
    inside_body = false;
    close();
    job.rethrow();
  }

  // Around a fork nobody may be in the middle of a change. The child has no workers,
  // and its locks may be held by threads that it lacks.
  void before_fork() { mutex_.lock(); }
  void after_fork() { mutex_.unlock(); }
  void after_fork_in_child() {
    new (&busy_) std::mutex();
    new (&mutex_) std::mutex();
    for (std::thread& worker : workers_) new (&worker) std::thread();  // can't be joined here
    workers_.clear();
    state_ = 0;
    stopping_ = false;
  }

 private:
  // The parts of state_.
  static constexpr uint32_t kWorker = 1, kWorkers = 2 * kMaxThreads - 1, kOpen = kWorkers + 1,
                            kGeneration = 2 * kOpen;
  static uint32_t generation(uint32_t state) { return state / kGeneration; }

  void publish(Job& job, int64_t runs) {
    start();
    job_ = &job;
    state_ = (generation(state_) + 1) * kGeneration | kOpen;
    const auto helpers = static_cast<std::size_t>(runs - 1);
    if (helpers >= workers_.size()) return state_.notify_all();
    for (std::size_t i = 0; i < helpers; ++i) state_.notify_one();
  }

  void close() {
    state_ &= ~kOpen;
    const auto all_left = [&] { return (state_ & kWorkers) == 0; };
    if (spin_until(may_spin(), all_left)) return;
    for (uint32_t seen; seen = empty_, !all_left();) empty_.wait(seen);
  }

  // Starts what is missing; where the system refuses a thread, those that run must do.
  void start() {
    if (static_cast<int>(workers_.size()) + 1 >= threads_wanted_) return;
    const std::lock_guard lock(mutex_);
    try {
      while (static_cast<int>(workers_.size()) + 1 < threads_wanted_)
        workers_.emplace_back([this, thread = static_cast<int>(workers_.size()) + 1,
                               seen = generation(state_)] { serve(thread, seen); });
    } catch (const std::system_error&) {
    }
  }

  void stop() {
    std::vector<std::thread> leaving;
    {
      const std::lock_guard lock(mutex_);
      leaving.swap(workers_);
    }
    stopping_ = true;
    state_ += kGeneration;
    state_.notify_all();
    for (std::thread& worker : leaving) worker.join();
    stopping_ = false;
  }

  void serve(int thread, uint32_t seen) {
    inside_body = true;
    while (await_job(seen)) {
      if (!join(seen)) continue;
      Job& job = *job_;
      set_floating_point_mode(job.mode);
      job.work(thread);
      // After this the job may be gone; the pool is not, it waits for its workers.
      const uint32_t before = state_.fetch_sub(kWorker);
      if ((before & kOpen) || (before & kWorkers) > 1) continue;
      ++empty_;
      empty_.notify_one();
    }
  }

  // False when the pool stops, which whoever was about to join a job may have seen for a job.
  bool await_job(uint32_t seen) {
    const auto waits = [&](uint32_t state) { return generation(state) == seen && !stopping_; };
    spin_until(may_spin(), [&] { return !waits(state_); });
    for (uint32_t state; state = state_, waits(state);) state_.wait(state);
    return !stopping_;
  }

  // Joins the job at hand if it is still open.
  bool join(uint32_t& seen) {
    uint32_t state = state_;
    do {
      seen = generation(state);
      if (!(state & kOpen)) return false;
    } while (!state_.compare_exchange_weak(state, state + kWorker));
    return true;
  }

  // With more threads than processors, whoever spins keeps another from working.
  bool may_spin() const { return threads_wanted_ <= processors_; }

  std::mutex busy_;   // held by the call that uses the workers
  std::mutex mutex_;  // held around changes of workers_
  std::vector<std::thread> workers_;
  std::atomic<Job*> job_{nullptr};
  // The number of the job, whether it is open, and how many workers have joined it.
  std::atomic<uint32_t> state_{0};
  std::atomic<uint32_t> empty_{0};  // times that the last worker left a closed job
  std::atomic<bool> stopping_{false};
  const int processors_ = machine().processors;
  std::atomic<int> threads_wanted_{default_threads()};
};

Pool& pool() {
  static Pool instance;
  static const int registered =
      pthread_atfork([] { pool().before_fork(); },  //
                     [] { pool().after_fork(); }, [] { pool().after_fork_in_child(); });
  (void)registered;
  return instance;
}

}  // namespace

void parallel_runs(int64_t count, int64_t grain, const RunsBody& body) {
  if (count <= 0) return;
  const int threads = inside_body ? 1 : thread_count();
  const int64_t runs = std::min(count / std::max<int64_t>(grain, 1), threads * kRunsPerThread);
  if (threads == 1 || runs <= 1) return run_alone(count, body);
  pool().run(count, runs, body);
}

void parallel_for(int64_t count, int64_t grain, const RangeBody& body) {
  parallel_runs(count, grain, [&](Runs& runs) {
    for (int64_t begin, end; runs.next(begin, end);) body(begin, end);
  });
}

int thread_count() { return pool().size(); }

void set_thread_count(int count) {
  if (count < 1)
    throw ValueError(fmt::format("set_thread_count: {} threads, expected 1 or more", count));
  if (inside_body)
    throw ValueError("set_thread_count: called from inside a parallel_for, whose threads it stops");
  pool().resize(std::min(count, kMaxThreads));
}

}  // namespace lanewise
