// A thread pulls runs of one size; the user takes them as they are, or cut and joined.
#include <unistd.h>

#include <utility>

#include "data/worker.h"
#include "lanewise/error.h"
#include "lanewise/file_streams.h"
#include "lanewise/ops.h"

namespace lanewise {
namespace {

using Run = std::vector<Array>;

class ReadAhead : public Source {
 public:
  ReadAhead(std::unique_ptr<Source> source, int depth) : source_(std::move(source)), depth_(depth) {
    if (depth < 1) throw ValueError("read_ahead: depth must be 1 or more");
  }
  ~ReadAhead() override {
    if (forked()) leave_behind();
    else stop();
  }

  std::vector<Shape> row_shapes() const override { return source_->row_shapes(); }
  std::vector<DType> dtypes() const override { return source_->dtypes(); }
  int sample_axis() const override { return source_->sample_axis(); }
  std::optional<int64_t> length() const override { return source_->length(); }
  bool seekable() const override { return source_->seekable(); }

  Run pull(int64_t count) override {
    check_process();
    if (!thread_.joinable() && count > 0) start(count);
    Run run = take(count);
    while (samples_of(run) < count) {
      const Run more = take(count - samples_of(run));
      if (samples_of(more) == 0) break;
      run = joined(run, more);
    }
    return run;
  }
  void reset() override {
    check_process();
    stop();
    source_->reset();
  }
  void seek(int64_t sample) override {
    if (!seekable()) return Source::seek(sample);
    check_process();
    stop();
    source_->seek(sample);
  }

 private:
  // What the thread pulled, or why it couldn't.
  struct Pulled {
    Run run;
    std::exception_ptr error;
  };

  // Whether the thread runs in another process, of which this one is a fork.
  bool forked() const { return thread_.joinable() && getpid() != process_; }
  void check_process() const {
    if (forked())
      throw ValueError(
          "this source was being read when the process forked, and the thread that reads ahead is "
          "not part of the child; open a source of its own there");
  }
  // What the thread held at the fork, it holds for ever.
  void leave_behind() {
    new std::thread(std::move(thread_));
    (void)handover_.release();
  }

  void start(int64_t count) {
    process_ = getpid();
    handover_ = std::make_unique<Handover<Pulled>>(depth_);
    thread_ = quiet_thread(
        [source = source_.get(), handover = handover_.get(), count, axis = sample_axis()] {
          try {
            for (bool more = true; more;) {
              Run run = source->pull(count);
              more = run[0].shape(axis) == count;
              if (!handover->put({std::move(run), nullptr})) return;
            }
            handover->close();
          } catch (...) {
            handover->put({{}, std::current_exception()});
          }
        });
  }

  void stop() {
    if (!thread_.joinable()) return;
    handover_->close();
    thread_.join();
    handover_.reset();
    front_.clear();
    error_ = nullptr;
  }

  // At most `count` samples of one run.
  Run take(int64_t count) {
    if (samples_of(front_) == 0) refill();
    const int64_t held = samples_of(front_);
    if (count >= held) return std::exchange(front_, {});
    Run run = cut(front_, 0, count);
    front_ = cut(front_, count, held);
    return run;
  }

  void refill() {
    if (error_) std::rethrow_exception(error_);
    std::optional<Pulled> next;
    if (handover_) next = handover_->take();
    if (next && next->error) std::rethrow_exception(error_ = next->error);
    front_ = next ? std::move(next->run) : none();
  }

  // Arrays without samples.
  Run none() const {
    Run run;
    const std::vector<DType> types = dtypes();
    for (Shape shape : row_shapes()) {
      shape.insert(sample_axis(), 0);
      run.push_back(zeros(shape, types[run.size()]));
    }
    return run;
  }
  int64_t samples_of(const Run& run) const { return run.empty() ? 0 : run[0].shape(sample_axis()); }
  Run cut(const Run& run, int64_t begin, int64_t end) const {
    Run part;
    for (const Array& a : run)
      part.push_back(sample_axis() == 0 ? a[slice(begin, end)] : a[{slice(), slice(begin, end)}]);
    return part;
  }
  Run joined(const Run& first, const Run& second) const {
    Run both;
    for (std::size_t i = 0; i < first.size(); ++i)
      both.push_back(concatenate({first[i], second[i]}, sample_axis()));
    return both;
  }

  const std::unique_ptr<Source> source_;
  const int depth_;
  std::unique_ptr<Handover<Pulled>> handover_;
  std::thread thread_;
  pid_t process_ = 0;  // that started it
  Run front_;          // pulled by the thread, not yet by the user
  std::exception_ptr error_;
};

}  // namespace

std::unique_ptr<Source> read_ahead(std::unique_ptr<Source> source, int depth) {
  return std::make_unique<ReadAhead>(std::move(source), depth);
}

}  // namespace lanewise
