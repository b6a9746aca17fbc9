#include "cli/meter.h"

#include <algorithm>
#include <utility>

#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/progress.h"

namespace lanewise::cli {

Meter::~Meter() { clear(); }

void Meter::start(std::string what, int64_t samples, int64_t row_bytes) {
  what_ = std::move(what);
  samples_ = samples;
  row_bytes_ = row_bytes;
  done_ = 0;
  pass_ = Clock::now();
}

void Meter::add(int64_t samples) {
  done_ += samples;
  bytes_ += static_cast<double>(samples * row_bytes_);
  if (draws_on_terminal() && Clock::now() - drawn_ >= std::chrono::milliseconds(100)) draw();
}

double Meter::seconds() const {
  return std::chrono::duration<double>(Clock::now() - begun_).count();
}

void Meter::draw() {
  drawn_ = Clock::now();
  shown_ = true;
  const double share =
      static_cast<double>(done_) / static_cast<double>(std::max<int64_t>(samples_, 1));
  const double seconds = std::chrono::duration<double>(drawn_ - pass_).count();
  const int width = terminal_columns() - 1;
  const auto bytes = static_cast<double>(done_ * row_bytes_);
  write_to_stderr(fmt::format("\r{:<{}}", meter_line(what_, share, bytes, seconds, width), width));
}

void Meter::clear() {
  if (std::exchange(shown_, false))
    write_to_stderr(fmt::format("\r{:<{}}\r", "", terminal_columns() - 1));
}

std::string meter_line(const std::string& what, double share, double bytes, double seconds,
                       int columns) {
  std::string line = fmt::format("{} {:3.0f} %  {}", what, 100 * share, data_size(bytes));
  if (seconds > 0) line += fmt::format("  {}/s", data_size(bytes / seconds));
  if (share > 0) line += fmt::format("  {} left", clock_time(seconds * (1 - share) / share));
  return line.substr(0, static_cast<std::size_t>(std::max(columns, 0)));
}

int64_t row_bytes(const Source& source) {
  const std::vector<Shape> rows = source.row_shapes();
  const std::vector<DType> dtypes = source.dtypes();
  int64_t bytes = 0;
  for (std::size_t k = 0; k < rows.size(); ++k)
    bytes += element_count(rows[k]) * static_cast<int64_t>(size_of(dtypes[k]));
  return bytes;
}

namespace {

class Metered : public Source {
 public:
  Metered(Source& source, Meter& meter, std::string what)
      : source_(source), meter_(meter), what_(std::move(what)) {}

  std::vector<Shape> row_shapes() const override { return source_.row_shapes(); }
  std::vector<DType> dtypes() const override { return source_.dtypes(); }
  int sample_axis() const override { return source_.sample_axis(); }
  std::optional<int64_t> length() const override { return source_.length(); }
  bool seekable() const override { return source_.seekable(); }
  void seek(int64_t sample) override { source_.seek(sample); }
  void reset() override {
    source_.reset();
    meter_.start(what_, length().value_or(0), row_bytes(source_));
  }
  std::vector<Array> pull(int64_t count) override {
    if (interrupted()) throw Interrupted{};
    std::vector<Array> run = source_.pull(count);
    meter_.add(run[0].shape(sample_axis()));
    return run;
  }

 private:
  Source& source_;
  Meter& meter_;
  const std::string what_;
};

}  // namespace

std::unique_ptr<Source> metered(Source& source, Meter& meter, std::string what) {
  return std::make_unique<Metered>(source, meter, std::move(what));
}

}  // namespace lanewise::cli
