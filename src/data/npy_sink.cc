// Runs of samples become a .npy file. Rows are appended, so that their number may be known at the
// end only; of columns each feature has its place from the start.
#include <fmt/format.h>

#include "data/npy_layout.h"
#include "io/atomic_file.h"
#include "io/file.h"
#include "io/row_major.h"
#include "lanewise/error.h"
#include "lanewise/file_streams.h"

namespace lanewise {
namespace {

class NpySink : public Sink {
 public:
  NpySink(const std::string& path, const Shape& row_shape, DType dtype,
          const NpySinkOptions& options)
      : layout_{options.features_first, options.fortran_order},
        rows_(layout_.is_rows(row_shape.rank() + 1)),
        dtype_(dtype),
        length_(options.length),
        samples_{options.resume_at, row_shape},
        file_(path, options.keep_partial ? Unfinished::kept : Unfinished::removed) {
    header_ = header(length_.value_or(0));
    if (options.resume_at > 0) {
      check_partial();
      return;
    }
    file_.truncate(0);
    if (length_) file_.reserve(offset_of(*length_ * element_count(samples_.row)));
    file_.write(header_.data(), static_cast<int64_t>(header_.size()));
  }

  int sample_axis() const override { return rows_ ? 0 : 1; }

  void push(std::span<const Array> arrays) override {
    const int64_t count = count_of(arrays);
    if (length_ && samples_.count + count > *length_)
      throw ValueError(fmt::format("npy_sink: {} samples, but a length of {} was told",
                                   samples_.count + count, *length_));
    const Tensor run = row_major(arrays[0].astype(dtype_).tensor());
    const int64_t features = element_count(samples_.row);
    if (rows_) {
      write(samples_.count * features, run.data, run.size());
    } else {
      for (int64_t f = 0; f < features; ++f)
        write(f * *length_ + samples_.count, run.data + f * count * width(), count);
    }
    samples_.count += count;
  }

  int64_t flush() override {
    file_.sync();
    return samples_.count;
  }

  void close() override {
    if (length_ && samples_.count != *length_)
      throw ValueError(
          fmt::format("npy_sink: closed after {} of {} samples", samples_.count, *length_));
    const std::string head = header(samples_.count);
    file_.write_at(0, head.data(), static_cast<int64_t>(head.size()));
    file_.truncate(offset_of(samples_.count * element_count(samples_.row)));
    file_.commit();
  }

 private:
  // The same header, and as many samples as were told to be there.
  void check_partial() const {
    const File partial(file_.temporary_path(), FileKind::regular);
    std::string head(header_.size(), '\0');
    if (partial.size() >= static_cast<int64_t>(head.size()))
      partial.read_at(0, head.data(), static_cast<int64_t>(head.size()));
    if (head != header_)
      throw DataError(
          fmt::format("{}: was begun for another array than {} of shape {}; remove it to "
                      "start anew",
                      partial.path(), name(dtype_), shape_text(length_.value_or(0))),
          partial.path(), -1, 0);
    const int64_t last = rows_ ? samples_.count * element_count(samples_.row)
                               : (element_count(samples_.row) - 1) * *length_ + samples_.count;
    if (offset_of(last) > partial.size())
      throw DataError(
          fmt::format("{}: ends at offset {}, before sample {}; remove it to start anew",
                      partial.path(), partial.size(), samples_.count),
          partial.path(), -1, partial.size());
  }

  int64_t count_of(std::span<const Array> arrays) const {
    Shape row;
    if (arrays.size() == 1 && arrays[0].rank() == samples_.row.rank() + 1)
      for (int axis = 0; axis < arrays[0].rank(); ++axis)
        if (axis != sample_axis()) row.push_back(arrays[0].shape(axis));
    if (arrays.size() != 1 || arrays[0].rank() != samples_.row.rank() + 1 || !(row == samples_.row))
      throw ValueError(fmt::format("npy_sink: expected one array of {} of shape {}",
                                   rows_ ? "rows" : "columns", to_string(samples_.row)));
    return arrays[0].shape(sample_axis());
  }

  int64_t width() const { return static_cast<int64_t>(size_of(dtype_)); }
  int64_t offset_of(int64_t element) const {
    return static_cast<int64_t>(header_.size()) + element * width();
  }
  void write(int64_t element, const std::byte* data, int64_t count) {
    file_.write_at(offset_of(element), data, count * width());
  }

  std::string shape_text(int64_t count) const {
    return to_string(array_shape({count, samples_.row}, layout_));
  }
  std::string header(int64_t count) const {
    constexpr std::size_t kRoom = 256;  // enough for any number of samples
    return npy_header(dtype_, array_shape({count, samples_.row}, layout_), kRoom,
                      layout_.fortran_order);
  }

  const NpyLayout layout_;
  const bool rows_;
  const DType dtype_;
  const std::optional<int64_t> length_;
  Samples samples_;  // written so far
  AtomicFile file_;
  std::string header_;
};

void check(const Shape& row, const NpySinkOptions& options) {
  const NpyLayout layout{options.features_first, options.fortran_order};
  if (row.rank() > 1 && (layout.features_first || layout.fortran_order))
    throw ValueError(fmt::format(
        "npy_sink: samples of shape {} are written in C order along the first axis only",
        to_string(row)));
  if (!layout.is_rows(row.rank() + 1) && !options.length)
    throw ValueError("npy_sink: columns need the number of samples beforehand; tell the length");
  if (options.resume_at < 0 || (options.resume_at > 0 && !options.keep_partial))
    throw ValueError("npy_sink: only a partial file that was kept can be resumed");
}

}  // namespace

std::unique_ptr<Sink> npy_sink(const std::string& path, const Shape& row_shape, DType dtype,
                               const NpySinkOptions& options) {
  check(row_shape, options);
  return std::make_unique<NpySink>(path, row_shape, dtype, options);
}

}  // namespace lanewise
