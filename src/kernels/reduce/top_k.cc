// The k best along one axis of whole arrays: the fold of tile_fold.h, a tile of neighbouring
// columns at a time. Where there are few tiles, threads take parts of their samples.
#include "kernels/reduce/top_k.h"

#include <algorithm>

#include "base/thread_pool.h"
#include "kernels/cast/cast.h"
#include "kernels/reduce/geometry.h"
#include "kernels/reduce/reduce.h"
#include "kernels/reduce/tile_fold.h"
#include "kernels/scratch.h"

namespace lanewise::kernels::fast {
namespace {

constexpr int64_t kGrain = 32 << 10;      // elements worth a thread
constexpr int64_t kListBytes = 64 << 10;  // lists of a tile that stay in the caches
constexpr int64_t kWidest = 64;           // columns of a tile

class WholeTopK {
 public:
  WholeTopK(Reduce op, const View& x, const bool* reduced, const View& out)
      : x_(x), out_(out), g_(x, reduced, out), fold_(tile_fold(op, x.dtype)) {
    const int axis = static_cast<int>(std::find(reduced, reduced + x.rank(), true) - reduced);
    k_ = out.shape[axis];
    k_stride_ = out.strides[axis];
    width_ = std::clamp<int64_t>(kListBytes / fold_.lanes_bytes({1, k_}), 1, kWidest);
    width_ = std::clamp<int64_t>(g_.columns, 1, width_);
    across_ = (g_.columns + width_ - 1) / width_;
    tiles_ = g_.outer * across_;
    if (tiles_ < thread_count())
      parts_ = std::clamp<int64_t>(g_.count * width_ / kGrain, 1, thread_count());
  }

  void run() {
    const int64_t state_bytes = fold_.state_bytes({width_, k_});
    const Scratch states(static_cast<std::size_t>(parts_ > 1 ? tiles_ * parts_ * state_bytes : 0));
    const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, g_.count * width_));
    parallel_for(tiles_ * parts_, grain, [&](int64_t begin, int64_t end) {
      const Scratch lanes(static_cast<std::size_t>(fold_.lanes_bytes({width_, k_})));
      const Scratch own(static_cast<std::size_t>(state_bytes));
      for (int64_t i = begin; i < end; ++i) {
        std::byte* state = parts_ > 1 ? states.data() + i * state_bytes : own.data();
        fold(i / parts_, i % parts_, lanes.data(), state);
        if (parts_ == 1) store(i, state);
      }
    });
    for (int64_t tile = 0; parts_ > 1 && tile < tiles_; ++tile) {
      std::byte* state = states.data() + tile * parts_ * state_bytes;
      for (int64_t part = 1; part < parts_; ++part)
        fold_.merge(size(tile), state, state + part * state_bytes);
      store(tile, state);
    }
  }

 private:
  FoldSize size(int64_t tile) const {
    const int64_t width = std::min(width_, g_.columns - tile % across_ * width_);
    return {width, k_, width};
  }

  void start(int64_t tile, int64_t* x, int64_t* out) const {
    g_.start(tile / across_, x, out);
    *x += tile % across_ * width_ * g_.stride;
    *out += tile % across_ * width_ * g_.out_stride;
  }

  void fold(int64_t tile, int64_t part, std::byte* lanes, std::byte* state) const {
    int64_t x = 0, out = 0;
    start(tile, &x, &out);
    const FoldSize s = size(tile);
    const int64_t begin = g_.count * part / parts_, end = g_.count * (part + 1) / parts_;
    fold_.begin(s, lanes);
    fold_.add({x_.data + (x + begin * g_.inner_stride()) * bytes(x_),
               x_.dtype,
               {end - begin, s.width},
               {g_.inner_stride(), g_.stride}},
              begin, lanes);
    fold_.finish(s, lanes, state);
  }

  void store(int64_t tile, const std::byte* state) const {
    int64_t x = 0, out = 0;
    start(tile, &x, &out);
    const Shape shape{k_, size(tile).width};
    const Scratch results(static_cast<std::size_t>(element_count(shape) * bytes(out_)));
    fold_.result(size(tile), state, results.data());
    cast({results.data(), out_.dtype, shape, row_major_strides(shape)},
         {g_.out + out * bytes(out_), out_.dtype, shape, {k_stride_, g_.out_stride}});
  }

  static int64_t bytes(const View& v) { return static_cast<int64_t>(size_of(v.dtype)); }

  const View &x_, &out_;
  const ReduceGeometry g_;
  const TileFold fold_;
  int64_t k_, k_stride_, width_, across_, tiles_, parts_ = 1;
};

}  // namespace

void top_k(Reduce op, const View& x, const bool* reduced, const View& out) {
  WholeTopK(op, x, reduced, out).run();
}

}  // namespace lanewise::kernels::fast
