// Sources that Python holds, and runs on them.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "convert.h"
#include "lanewise/error.h"
#include "lanewise/streams.h"

namespace lanewise::python {

void check_signals();  // throws after Ctrl-C

// A source for one run at a time, which Ctrl-C ends.
class HeldSource : public Source {
 public:
  explicit HeldSource(std::unique_ptr<Source> source) : source_(std::move(source)) {}

  std::vector<Shape> row_shapes() const override { return source_->row_shapes(); }
  std::vector<DType> dtypes() const override { return source_->dtypes(); }
  int sample_axis() const override { return source_->sample_axis(); }
  std::optional<int64_t> length() const override { return source_->length(); }
  std::vector<Array> pull(int64_t count) override;
  void reset() override { source_->reset(); }
  bool seekable() const override { return source_->seekable(); }
  void seek(int64_t sample) override { source_->seek(sample); }

  // f(source) while other threads of Python may run.
  template <class F>
  auto run(F&& f) {
    return without_gil([&] {
      const std::unique_lock lock(mutex_, std::try_to_lock);
      if (!lock) throw ValueError("this source is being read by another thread; give each its own");
      return f(static_cast<Source&>(*this));
    });
  }

 private:
  const std::unique_ptr<Source> source_;
  std::mutex mutex_;
};

std::unique_ptr<HeldSource> rows_of(std::vector<Array> arrays);

// f(source): what is no Source is an array, whose rows are the samples.
template <class F>
auto with_source(nb::handle value, F&& f) {
  if (nb::isinstance<HeldSource>(value)) return nb::cast<HeldSource&>(value).run(f);
  return rows_of({as_array(value)})->run(f);
}

}  // namespace lanewise::python
