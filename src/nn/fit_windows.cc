#include "nn/fit_windows.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/kernels.h"
#include "lanewise/error.h"

namespace lanewise::nn {
namespace {

constexpr int64_t kBlock = 1024;  // rows that stay together in an order

class ProgramSource : public Source {
 public:
  ProgramSource(const Sequential& network, const FitStream& stream, Loss loss, DType dtype,
                std::string_view which)
      : network_(network), stream_(stream), loss_(loss), dtype_(dtype), which_(which) {
    check();
  }

  std::vector<Shape> row_shapes() const override {
    std::vector<Shape> shapes = samples().row_shapes();
    for (Shape& shape : shapes)
      if (shape.rank() == 0) shape = {1};
    return shapes;
  }
  std::vector<DType> dtypes() const override {
    std::vector<DType> all = samples().dtypes();
    const bool classes = loss_ == Loss::softmax_cross_entropy && !is_float(all[1]);
    std::fill(all.begin(), all.end(), dtype_);
    if (classes) all[1] = DType::int64;
    if (stream_.folds) all.back() = DType::int64;
    return all;
  }
  int sample_axis() const override { return samples().sample_axis(); }
  std::optional<int64_t> length() const override { return samples().length(); }
  std::vector<Array> pull(int64_t count) override {
    const std::vector<Array> run = samples().pull(count);
    if (run[0].shape(sample_axis()) == 0) return run;
    return listed(program_data(network_, named(run, {stream_.weights, stream_.folds}), loss_,
                               dtype_, which_));
  }
  void reset() override { samples().reset(); }
  bool seekable() const override { return samples().seekable(); }
  void seek(int64_t sample) override { samples().seek(sample); }

 private:
  Source& samples() const { return *stream_.samples; }

  void check() const {
    if (!stream_.samples) throw ValueError(fmt::format("fit: the {} data have no source", which_));
    const std::size_t arrays = samples().row_shapes().size();
    const std::size_t needed = 2u + (stream_.weights ? 1 : 0) + (stream_.folds ? 1 : 0);
    if (arrays != needed)
      throw ValueError(fmt::format(
          "fit: the source of {} data has {} arrays, expected {}: x, y{}{}", which_, arrays, needed,
          stream_.weights ? ", weights" : "", stream_.folds ? ", folds" : ""));
    if (sample_axis() != nn::sample_axis(network_.layout()))
      throw ValueError(
          fmt::format("fit: the source of {} data has its samples along axis {}, the network takes "
                      "them along axis {}",
                      which_, sample_axis(), nn::sample_axis(network_.layout())));
    if (!samples().length())
      throw DataError(fmt::format("fit: how many {} samples there are must be known", which_));
    if (*samples().length() == 0)
      throw ValueError(fmt::format("fit: the {} data have no rows", which_));
  }

  const Sequential& network_;
  const FitStream stream_;
  const Loss loss_;
  const DType dtype_;
  const std::string_view which_;
};

// `from` into `to`, from sample `at` on.
void place(const Tensor& from, const Tensor& to, int axis, int64_t at) {
  Dims start = Dims::filled(to.rank(), 0);
  start[axis] = at;
  kernels::fast_family().cast(from, slice_view(to, start, from.shape, Dims::filled(to.rank(), 1)));
}

}  // namespace

std::unique_ptr<Source> program_source(const Sequential& network, const FitStream& stream,
                                       Loss loss, DType dtype, std::string_view which) {
  return std::make_unique<ProgramSource>(network, stream, loss, dtype, which);
}

FitWindows::FitWindows(FitData data, int sample_axis)
    : fields_(fields_of(data)),
      axis_(sample_axis),
      rows_(data.x.shape(sample_axis)),
      window_(rows_),
      loaded_(std::move(data)),
      holds_all_(true) {}

FitWindows::FitWindows(std::unique_ptr<Source> samples, FitFields fields, int64_t window,
                       int64_t step)
    : samples_(std::move(samples)),
      fields_(fields),
      axis_(samples_->sample_axis()),
      rows_(*samples_->length()),
      window_(window >= rows_ ? rows_ : std::max<int64_t>(1, window / step) * step) {}

int64_t FitWindows::rows_of(int64_t window) const {
  return std::min(window_, rows_ - window * window_);
}

std::vector<int64_t> FitWindows::shuffled_blocks(Generator& generator) const {
  if (count() == 1) return {};
  return generator.permutation((rows_ + kBlock - 1) / kBlock).to_vector<int64_t>();
}

template <class Piece>
void FitWindows::for_each_piece(int64_t window, std::span<const int64_t> blocks,
                                Piece piece) const {
  const int64_t begin = window * window_, end = begin + rows_of(window);
  if (blocks.empty()) {
    for (int64_t at = begin; at < end; at += kBlock) piece(at, std::min(kBlock, end - at));
    return;
  }
  int64_t at = 0;  // in the order
  for (int64_t block : blocks) {
    const int64_t rows = std::min(kBlock, rows_ - block * kBlock);
    const int64_t from = std::max(begin, at), to = std::min(end, at + rows);
    if (from < to) piece(block * kBlock + from - at, to - from);
    at += rows;
  }
}

void FitWindows::go_to(int64_t row) {
  if (row == at_) return;
  if (row == 0) return samples_->reset();
  if (!samples_->seekable())
    throw ValueError(
        "fit: a source that can only be read in order can't be shuffled; write its samples to a "
        ".npy file, or train on all rows at once (batch 0)");
  samples_->seek(row);
}

void FitWindows::make_room(std::vector<Tensor>& room, int64_t rows) const {
  if (!room.empty() && room[0].shape[axis_] == rows) return;
  room.clear();
  const std::vector<DType> dtypes = samples_->dtypes();
  for (Shape shape : samples_->row_shapes()) {
    shape.insert(axis_, rows);
    room.push_back(Tensor::empty(dtypes[room.size()], shape));
  }
}

FitData FitWindows::read(int64_t window, std::span<const int64_t> blocks,
                         std::vector<Tensor>& room) {
  make_room(room, rows_of(window));
  int64_t filled = 0;
  for_each_piece(window, blocks, [&](int64_t first, int64_t count) {
    go_to(first);
    const std::vector<Array> piece = samples_->pull(count);
    if (const int64_t given = piece[0].shape(axis_); given != count)
      throw DataError(fmt::format("fit: the source ended after {} samples, it said it had {}",
                                  first + given, rows_));
    for (std::size_t k = 0; k < room.size(); ++k) place(piece[k].tensor(), room[k], axis_, filled);
    at_ = first + count;
    filled += count;
  });
  std::vector<Array> arrays;
  for (const Tensor& tensor : room) arrays.push_back(from_tensor(tensor));
  return named(arrays, fields_);
}

const FitData& FitWindows::load(int64_t window, std::span<const int64_t> blocks) {
  if (holds_all_) return loaded_;
  loaded_ = {};
  std::optional<FitData> ahead;
  if (next_.valid()) ahead = next_.get();
  if (ahead && next_window_ == window &&
      std::equal(blocks.begin(), blocks.end(), next_blocks_.begin(), next_blocks_.end())) {
    std::swap(room_, next_room_);
    loaded_ = *std::move(ahead);
  } else {
    loaded_ = read(window, blocks, room_);
  }
  holds_all_ = count() == 1;
  if (window + 1 < count()) read_ahead(window + 1, blocks);
  return loaded_;
}

void FitWindows::read_ahead(int64_t window, std::span<const int64_t> blocks) {
  next_window_ = window;
  next_blocks_.assign(blocks.begin(), blocks.end());
  next_ = std::async(std::launch::async,
                     [this] { return read(next_window_, next_blocks_, next_room_); });
}

}  // namespace lanewise::nn
