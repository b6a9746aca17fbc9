#include "cli/resumable.h"

#include <chrono>
#include <filesystem>
#include <utility>

#include "cli/meter.h"
#include "io/atomic_file.h"
#include "io/file.h"
#include "lanewise/error.h"

namespace lanewise::cli {

namespace {

std::string target_of(const std::string& path) {
  if (!std::filesystem::is_symlink(path)) return path;
  return std::filesystem::weakly_canonical(path).string();
}

}  // namespace

// Stores the state now and then.
class PartialFile::Stored : public Sink {
 public:
  Stored(std::unique_ptr<Sink> sink, const PartialFile& file)
      : sink_(std::move(sink)), file_(file) {}
  int sample_axis() const override { return sink_->sample_axis(); }
  void push(std::span<const Array> samples) override {
    sink_->push(samples);
    const std::chrono::duration<double> since = Clock::now() - stored_;
    if (since.count() < file_.every_) return;
    file_.store(sink_->flush());
    stored_ = Clock::now();
  }
  int64_t flush() override { return sink_->flush(); }
  void close() override { sink_->close(); }

 private:
  using Clock = std::chrono::steady_clock;
  std::unique_ptr<Sink> sink_;
  const PartialFile& file_;
  Clock::time_point stored_ = Clock::now();
};

// The samples of a source from one on.
class PartialFile::Rest : public Source {
 public:
  Rest(Source& source, int64_t first) : source_(source), first_(first) {}
  std::vector<Shape> row_shapes() const override { return source_.row_shapes(); }
  std::vector<DType> dtypes() const override { return source_.dtypes(); }
  int sample_axis() const override { return source_.sample_axis(); }
  std::optional<int64_t> length() const override { return *source_.length() - first_; }
  std::vector<Array> pull(int64_t count) override { return source_.pull(count); }
  void reset() override {
    source_.reset();
    if (source_.seekable()) return source_.seek(first_);
    constexpr int64_t kBytes = 16 << 20;
    const int64_t skipped =
        std::max<int64_t>(kBytes / std::max<int64_t>(row_bytes(source_), 1), 16);
    for (int64_t at = 0; at < first_; at += skipped) source_.pull(std::min(skipped, first_ - at));
  }

 private:
  Source& source_;
  const int64_t first_;
};

PartialFile::PartialFile(const std::string& path, Json job, bool resume, double every)
    : path_(target_of(path)), job_(std::move(job)), every_(every) {
  if (!std::filesystem::exists(state_path())) return;
  if (resume) load();
  else remove_state();
}

void PartialFile::load() {
  const FileBytes bytes(state_path());
  try {
    const Json state = Json::parse(bytes.view());
    if (state.at("job") != job_)
      throw DataError(fmt::format("{}: is of another job: the flags or the input have changed "
                                  "since; repeat the flags of that run, or leave --resume out to "
                                  "start anew",
                                  state_path()),
                      state_path());
    notes_ = state.at("notes").dump(1) + "\n";
    // Killed after the last sample, before the state was removed: only the notes are of use.
    if (std::filesystem::exists(partial_path())) resumed_at_ = state.at("samples").get<int64_t>();
  } catch (const Json::exception& e) {
    throw DataError(
        fmt::format("{}: damaged ({}); remove it to start anew", state_path(), e.what()),
        state_path());
  }
}

void PartialFile::note(std::string notes) {
  notes_ = std::move(notes);
  store(resumed_at_);
}

void PartialFile::store(int64_t samples) const {
  const Json state = {{"samples", samples}, {"job", job_}, {"notes", Json::parse(notes_)}};
  save_text(state_path(), state.dump(1) + "\n");
}

std::unique_ptr<Sink> PartialFile::sink(const Shape& row, DType dtype, NpySinkOptions options) {
  options.keep_partial = true;
  options.resume_at = resumed_at_;
  return std::make_unique<Stored>(write_behind(npy_sink(path_, row, dtype, options)), *this);
}

std::unique_ptr<Source> PartialFile::rest_of(Source& source) const {
  return std::make_unique<Rest>(source, resumed_at_);
}

void PartialFile::remove_state() const { std::filesystem::remove(state_path()); }

}  // namespace lanewise::cli
