// The k best along one axis of whole arrays: the fold of tile_fold.h, a tile of neighbouring
// columns at a time. Where there are few tiles, threads take parts of their samples.
#include <algorithm>

#include "base/thread_pool.h"
#include "kernels/cast/cast.h"
#include "kernels/reduce/geometry.h"
#include "kernels/reduce/reduce.h"
#include "kernels/reduce/tile_fold.h"
#include "kernels/scratch.h"

namespace lanewise::kernels::fast {
namespace {

constexpr int64_t kGrain = 32 << 10;       // elements worth a thread
constexpr int64_t kLanesBytes = 64 << 10;  // of a tile, so that they stay in the caches
constexpr int64_t kWidest = 64;            // columns of a tile

class WholeTopK {
 public:
  WholeTopK(Reduce op, const View& x, const bool* reduced, const View& out)
      : x_(x), out_(out), g_(x, reduced, out), fold_(tile_fold(op, x.dtype)) {
    const auto axis = static_cast<int>(std::find(reduced, reduced + x.rank(), true) - reduced);
    k_ = out.shape[axis];
    k_stride_ = out.strides[axis];
    const int64_t fit = kLanesBytes / fold_.lanes_bytes({1, k_});
    width_ = std::clamp<int64_t>(std::min(fit, g_.columns), 1, kWidest);
    across_ = (g_.columns + width_ - 1) / width_;
    tiles_ = g_.outer * across_;
    lanes_bytes_ = fold_.lanes_bytes({width_, k_});
    state_bytes_ = fold_.state_bytes({width_, k_});
  }

  void run() const {
    const int64_t size = g_.count * width_;
    const int64_t parts =
        tiles_ < thread_count() ? std::clamp<int64_t>(size / kGrain, 1, thread_count()) : 1;
    if (parts > 1) {
      for (int64_t tile = 0; tile < tiles_; ++tile) run_in_parts(tile, parts);
      return;
    }
    parallel_for(tiles_, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, size)),
                 [&](int64_t begin, int64_t end) {
                   const Scratch scratch = memory(1);
                   for (int64_t tile = begin; tile < end; ++tile) {
                     fold(tile, 0, g_.count, scratch.data());
                     store(tile, scratch.data());
                   }
                 });
  }

 private:
  // Of so many parts: the state of each, then its lanes, in which results may follow.
  Scratch memory(int64_t parts) const {
    return Scratch(static_cast<std::size_t>(parts * (state_bytes_ + lanes_bytes_)));
  }
  std::byte* lanes(std::byte* state) const { return state + state_bytes_; }

  void run_in_parts(int64_t tile, int64_t parts) const {
    const Scratch scratch = memory(parts);
    const auto state = [&](int64_t part) {
      return scratch.data() + part * (state_bytes_ + lanes_bytes_);
    };
    parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part)
        fold(tile, g_.count * part / parts, g_.count * (part + 1) / parts, state(part));
    });
    for (int64_t part = 1; part < parts; ++part) fold_.merge(size(tile), state(0), state(part));
    store(tile, state(0));
  }

  FoldSize size(int64_t tile) const {
    const int64_t width = std::min(width_, g_.columns - tile % across_ * width_);
    return {width, k_, width};
  }

  // The first column of a tile.
  void start(int64_t tile, int64_t* x, int64_t* out) const {
    g_.start(tile / across_, x, out);
    *x += tile % across_ * width_ * g_.stride;
    *out += tile % across_ * width_ * g_.out_stride;
  }

  void fold(int64_t tile, int64_t begin, int64_t end, std::byte* state) const {
    int64_t x = 0, out = 0;
    start(tile, &x, &out);
    const FoldSize s = size(tile);
    const int64_t at = x + begin * g_.inner_stride();
    const View samples{
        x_.data + at * bytes(x_), x_.dtype, {end - begin, s.width}, {g_.inner_stride(), g_.stride}};
    fold_.begin(s, lanes(state));
    fold_.add(samples, begin, lanes(state), 0);
    fold_.finish(s, lanes(state), state);
  }

  void store(int64_t tile, std::byte* state) const {
    int64_t x = 0, out = 0;
    start(tile, &x, &out);
    const Shape shape{k_, size(tile).width};
    fold_.result(size(tile), state, lanes(state));
    cast({lanes(state), out_.dtype, shape, row_major_strides(shape)},
         {out_.data + out * bytes(out_), out_.dtype, shape, {k_stride_, g_.out_stride}});
  }

  static int64_t bytes(const View& v) { return static_cast<int64_t>(size_of(v.dtype)); }

  const View &x_, &out_;
  const ReduceGeometry g_;
  const TileFold fold_;
  int64_t k_, k_stride_, width_, across_, tiles_, lanes_bytes_, state_bytes_;
};

}  // namespace

void top_k(Reduce op, const View& x, const bool* reduced, const View& out) {
  WholeTopK(op, x, reduced, out).run();
}

}  // namespace lanewise::kernels::fast
