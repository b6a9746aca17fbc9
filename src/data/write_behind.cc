// A thread pushes what the user has pushed, in the same order.
#include "data/worker.h"
#include "lanewise/error.h"
#include "lanewise/file_streams.h"

namespace lanewise {
namespace {

class WriteBehind : public Sink {
 public:
  WriteBehind(std::unique_ptr<Sink> sink, int depth) : sink_(std::move(sink)), depth_(depth) {
    if (depth < 1) throw ValueError("write_behind: depth must be 1 or more");
  }
  ~WriteBehind() override { abandon(); }

  int sample_axis() const override { return sink_->sample_axis(); }

  void push(std::span<const Array> samples) override {
    if (!thread_.joinable()) start();
    std::vector<Array> run(samples.begin(), samples.end());
    eval(run);  // values are computed where they are asked for; the thread only writes
    if (!handover_->put(std::move(run))) finish();
  }
  int64_t flush() override {
    finish();
    return sink_->flush();
  }
  void close() override {
    finish();
    sink_->close();
  }

 private:
  void start() {
    if (error_) std::rethrow_exception(error_);
    handover_ = std::make_unique<Handover<std::vector<Array>>>(depth_);
    thread_ = quiet_thread([this] {
      try {
        while (const auto run = handover_->take()) sink_->push(*run);
      } catch (...) {
        error_ = std::current_exception();
        handover_->close();
      }
    });
  }

  // All that waits is written, or the error that came instead thrown.
  void finish() {
    abandon();
    if (error_) std::rethrow_exception(error_);
  }
  void abandon() {
    if (!thread_.joinable()) return;
    handover_->close();
    thread_.join();
  }

  const std::unique_ptr<Sink> sink_;
  const int depth_;
  std::unique_ptr<Handover<std::vector<Array>>> handover_;
  std::thread thread_;
  std::exception_ptr error_;
};

}  // namespace

std::unique_ptr<Sink> write_behind(std::unique_ptr<Sink> sink, int depth) {
  return std::make_unique<WriteBehind>(std::move(sink), depth);
}

}  // namespace lanewise
