#include "cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>

namespace lanewise::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int kLeastBar = 4;

class Quiet : public Progress {
 public:
  void start(const TrainPlan&) override {}
  void fraction(double) override {}
  void epoch(const nn::EpochReport&) override {}
  void end() override {}
};

class Lines : public Progress {
 public:
  explicit Lines(const Output& output) : output_(output) {}
  void start(const TrainPlan& plan) override {
    members_ = plan.members;
    by_fold_ = plan.validation_rows == 0;
  }
  void fraction(double) override {}
  void epoch(const nn::EpochReport& r) override {
    std::string judged, running;
    if (!std::isnan(r.validation_loss))
      judged = fmt::format("  {} {}", by_fold_ ? "out of fold" : "validation",
                           shortened(r.validation_loss));
    if (members_ > 1) running = fmt::format("  {} of {} networks", r.members.size(), members_);
    output_.note("epoch {}/{}  loss {}{}{}  {} rows/s{}", r.epoch, r.epochs, shortened(r.loss),
                 judged, running, with_unit(r.rows_per_second), is_best(r) ? "  best" : "");
  }
  void end() override {}

 private:
  bool is_best(const nn::EpochReport& r) const {
    return members_ == 1 && r.best && !std::isnan(r.validation_loss);
  }

  const Output& output_;
  int members_ = 1;
  bool by_fold_ = false;
};

class Bar : public Progress {
 public:
  ~Bar() override { end(); }

  void start(const TrainPlan& plan) override {
    start_ = Clock::now();
    state_.epochs = plan.epochs;
    state_.running = state_.members = plan.members;
    state_.by_fold = plan.validation_rows == 0;
    draw();
  }
  void fraction(double of_epoch) override {
    state_.of_epoch = of_epoch;
    if (Clock::now() - drawn_ >= std::chrono::milliseconds(50)) draw();
  }
  void epoch(const nn::EpochReport& r) override {
    state_ = {r.epoch,
              r.epochs,
              0,
              r.loss,
              r.validation_loss,
              r.rows_per_second,
              state_.seconds,
              static_cast<int>(r.members.size()),
              state_.members,
              state_.by_fold};
    draw();
  }
  void end() override {
    if (!open_) return;
    write_to_stderr("\n");
    open_ = false;
  }

 private:
  void draw() {
    drawn_ = Clock::now();
    open_ = true;
    state_.seconds = std::chrono::duration<double>(drawn_ - start_).count();
    // The last column stays free: writing there wraps the line on some terminals.
    const size_t width = static_cast<size_t>(terminal_columns() - 1);
    const std::string line = bar_line(state_, static_cast<int>(width));
    write_to_stderr(fmt::format("\r{:<{}}", line, width));
  }

  BarState state_{.loss = kNaN, .validation = kNaN, .rows_per_second = kNaN};
  Clock::time_point start_, drawn_;
  bool open_ = false;
};

}  // namespace

std::string bar_line(const BarState& s, int columns) {
  const double done = std::min(1.0, (s.epoch + s.of_epoch) / std::max(1, s.epochs));
  const std::string head = fmt::format("epoch {}/{} [", s.epoch, s.epochs);
  std::string tail = "]";
  const auto show = [&](double value, std::string_view before, std::string_view after,
                        std::string (*text)(double)) {
    if (!std::isnan(value)) tail += fmt::format("{}{}{}", before, text(value), after);
  };
  show(s.loss, " loss ", "", shortened);
  show(s.validation, s.by_fold ? " fold " : " validation ", "", shortened);
  if (s.members > 1) tail += fmt::format(" {}/{} nets", s.running, s.members);
  show(s.rows_per_second, " ", " rows/s", with_unit);
  if (done > 0) tail += fmt::format(" {} left", clock_time(s.seconds * (1 - done) / done));
  const int room = columns - static_cast<int>(head.size() + tail.size());
  const int width = std::clamp(room, kLeastBar, 40);
  const int full = static_cast<int>(done * width);
  const std::string line = head + std::string(full, '#') + std::string(width - full, '.') + tail;
  return line.substr(0, static_cast<size_t>(std::max(0, columns)));
}

int terminal_columns() {
  winsize size = {};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string clock_time(double seconds) {
  const auto s = static_cast<int64_t>(std::min(std::max(seconds, 0.0), 3.6e6));
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

bool draws_on_terminal() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && !(term && std::string_view(term) == "dumb");
}

std::unique_ptr<Progress> make_progress(const Output& output, bool quiet) {
  if (quiet) return std::make_unique<Quiet>();
  if (draws_on_terminal()) return std::make_unique<Bar>();
  return std::make_unique<Lines>(output);
}

}  // namespace lanewise::cli
