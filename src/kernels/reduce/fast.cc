// Reductions in tiles of outputs and groups of blocks.
//
// The unit of work is (tile, group): up to a tile's width of neighbouring outputs,
// kGroup blocks of their elements. Two ways compute the state of each output, with
// the same bits (lane i mod 16 inside a block, see monoid.h):
//   rows:     the elements of an output lie together; an output at a time;
//   columns:  the outputs lie together; 16 rows of accumulators, a row a lane.
// kGroup is a power of two, so the state of a full group is a subtree of the
// binary counter, and the groups merge as if one thread had done everything.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/reduce/fast.cc"
#include "kernels/simd.h"
// The order of these matters.
#include "base/thread_pool.h"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/movement/stream.h"
#include "kernels/reduce/geometry.h"
#include "kernels/reduce/monoid.h"
#include "kernels/reduce/reduce.h"
#include "kernels/reduce/row_block-inl.h"
#include "kernels/scratch.h"

#ifndef LANEWISE_REDUCE_WORK
#define LANEWISE_REDUCE_WORK
namespace lanewise::kernels {

inline constexpr int64_t kGroup = 64;

// A geometry cut into tiles and groups.
struct ReduceWork {
  ReduceGeometry geometry;
  int64_t width;  // outputs of a tile
  int64_t tiles_across, tiles, groups;
};

// One tile: where its outputs are and how many.
struct ReduceTile {
  const std::byte* x;
  std::byte* out;
  int64_t width;
};

inline ReduceTile tile_at(const ReduceWork& work, int64_t tile, std::size_t in,
                          std::size_t result) {
  const ReduceGeometry& g = work.geometry;
  int64_t x = 0, out = 0;
  g.start(tile / work.tiles_across, &x, &out);
  const int64_t column = tile % work.tiles_across * work.width;
  x += column * g.stride;
  out += column * g.out_stride;
  return {g.x + x * static_cast<int64_t>(in), g.out + out * static_cast<int64_t>(result),
          std::min(work.width, g.columns - column)};
}

// The kernels of one monoid. The states of a tile lie together, a group kTileBytes after another.
struct ReduceKernels {
  void (*rows)(const ReduceWork& work, int64_t tile, int64_t group, std::byte* states);
  void (*columns)(const ReduceWork& work, int64_t tile, int64_t group, std::byte* states);
  // Merges the groups of a tile and writes its outputs.
  void (*finish)(const ReduceWork& work, int64_t tile, const std::byte* states);
  int64_t width;
};

inline constexpr int64_t kTileBytes = 1536;

}  // namespace lanewise::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace {

template <class Monoid>
struct MergeState {
  void operator()(typename Monoid::State* earlier, const typename Monoid::State& later) const {
    Monoid::merge(earlier, later);
  }
};

// Copies elements first … first+count-1 of an output side by side.
template <class T>
void gather(const ReduceGeometry& g, const T* x, int64_t first, int64_t count, T* block) {
  const int last = g.reduced.rank() - 1;
  const int64_t run = g.reduced[last], step = g.reduced_strides[last];
  while (count > 0) {
    const T* from = x + g.offset(first);
    const int64_t n = std::min(count, run - first % run);
    for (int64_t i = 0; i < n; ++i) block[i] = from[i * step];
    block += n;
    first += n;
    count -= n;
  }
}

template <class Monoid>
struct Rows {
  using T = typename Monoid::Element;
  using State = typename Monoid::State;

  static State one(const ReduceGeometry& g, const T* x, int64_t begin, int64_t end) {
    const bool direct = g.reduced.rank() == 1 && g.inner_stride() == 1;
    BinaryCounter<State, MergeState<Monoid>> counter;
    T buffer[kBlock];
    for (int64_t i = begin; i < end; i += kBlock) {
      const int64_t count = std::min(kBlock, end - i);
      if (!direct) gather(g, x, i, count, buffer);
      const State state = RowBlock<Monoid>(count)(direct ? x + i : buffer, i);
      if (end - begin <= kBlock) return state;
      counter.push(state);
    }
    return counter.count() > 0 ? counter.finish() : Monoid::init();
  }

  static void run(const ReduceWork& work, int64_t tile, int64_t group, std::byte* states) {
    const ReduceGeometry& g = work.geometry;
    const ReduceTile t = tile_at(work, tile, sizeof(T), sizeof(typename Monoid::Result));
    const T* x = reinterpret_cast<const T*>(t.x);
    State* state = reinterpret_cast<State*>(states);
    const int64_t begin = group * kGroup * kBlock, end = std::min(g.count, begin + kGroup * kBlock);
    if (g.count <= kBlock && g.reduced.rank() == 1 && g.inner_stride() == 1) {
      const RowBlock<Monoid> block(g.count);
      for (int64_t j = 0; j < t.width; ++j) state[j] = block(x + j * g.stride, 0);
      return;
    }
    for (int64_t j = 0; j < t.width; ++j) state[j] = one(g, x + j * g.stride, begin, end);
  }

  static void finish(const ReduceWork& work, int64_t tile, const std::byte* states) {
    using Result = typename Monoid::Result;
    const ReduceTile t = tile_at(work, tile, sizeof(T), sizeof(Result));
    const auto state = [&](int64_t group, int64_t j) {
      return reinterpret_cast<const State*>(states + group * kTileBytes)[j];
    };
    Result* out = reinterpret_cast<Result*>(t.out);
    for (int64_t j = 0; j < t.width; ++j) {
      State merged = state(0, j);
      if (work.groups > 1) {
        BinaryCounter<State, MergeState<Monoid>> counter;
        for (int64_t i = 0; i < work.groups; ++i) counter.push(state(i, j));
        merged = counter.finish();
      }
      out[j * work.geometry.out_stride] = Monoid::finish(merged);
    }
  }
};

// Calls f(number from `begin` on, x of the first output) for the elements begin … end-1.
template <class T, class F>
LANEWISE_INLINE void each_row(const ReduceGeometry& g, const T* x, int64_t begin, int64_t end,
                              F f) {
  const int last = g.reduced.rank() - 1;
  const int64_t run = g.reduced[last], step = g.reduced_strides[last];
  for (int64_t i = begin; i < end;) {
    const T* row = x + g.offset(i);
    const int64_t stop = std::min(end, i - i % run + run);
    for (; i < stop; ++i, row += step) f(i - begin, row);
  }
}

template <class Operator, class T>
struct Columns {
  static constexpr int64_t kWidth = 1024 / static_cast<int64_t>(sizeof(T));
  static constexpr T kIdentity = Fold<Operator, T>::kIdentity;

  struct Tile {
    T value[kWidth];
  };
  struct Merge {
    int64_t width;
    void operator()(Tile* earlier, const Tile& later) const {
      accumulate(earlier->value, later.value, 1, width);
    }
  };

  LANEWISE_INLINE static void accumulate(T* sum, const T* x, int64_t stride, int64_t width) {
    take_in(sum, x, stride, width, [sum](int64_t j) { return sum[j]; });
  }
  LANEWISE_INLINE static void begin_with(T* sum, const T* x, int64_t stride, int64_t width) {
    take_in(sum, x, stride, width, [](int64_t) { return kIdentity; });
  }
  template <class Before>
  LANEWISE_INLINE static void take_in(T* sum, const T* x, int64_t stride, int64_t width,
                                      Before before) {
    const Operator f;
    if (stride == 1) {
#pragma GCC ivdep
      for (int64_t j = 0; j < width; ++j) sum[j] = f(before(j), x[j]);
    } else {
      for (int64_t j = 0; j < width; ++j) sum[j] = f(before(j), x[j * stride]);
    }
  }

  // Elements begin … end-1 of `width` outputs.
  static void block(const ReduceGeometry& g, const T* x, int64_t begin, int64_t end, int64_t width,
                    Tile* result) {
    alignas(64) T lane[kLanes][kWidth];
    if (begin == end) return void(std::fill_n(result->value, width, kIdentity));
    const int lanes = static_cast<int>(std::min<int64_t>(end - begin, kLanes));
    // Rows that lie apart are fetched ahead: each begins anew what the machine foresees.
    constexpr int64_t kAhead = 4;
    const int64_t step = g.inner_stride();
    const bool apart = g.stride == 1 && std::abs(step) > width;
    each_row(g, x, begin, end, [&](int64_t i, const T* row) {
      if (apart)
        fast::fetch(reinterpret_cast<const std::byte*>(row + kAhead * step), 0,
                    width * static_cast<int64_t>(sizeof(T)));
      if (i < kLanes) begin_with(lane[i], row, g.stride, width);
      else accumulate(lane[i % kLanes], row, g.stride, width);
    });
    for (int half = kLanes / 2; half > 0; half /= 2) {
      for (int l = 0; l < half && l + half < lanes; ++l) {
        accumulate(lane[l], lane[l + half], 1, width);
      }
    }
    begin_with(result->value, lane[0], 1, width);
  }
};

// Neighbouring outputs of squared deviations. Where their rows lie one after the other, the lanes
// do, too, and take in a row each at once.
template <class T>
struct MomentColumns {
  static constexpr int64_t kWidth = kTileBytes / static_cast<int64_t>(sizeof(Moments));

  struct Tile {
    Moments value[kWidth];
  };
  struct Merge {
    int64_t width;
    void operator()(Tile* earlier, const Tile& later) const {
      for (int64_t j = 0; j < width; ++j)
        SquaredDeviations<T>::merge(&earlier->value[j], later.value[j]);
    }
  };

  static void block(const ReduceGeometry& g, const T* x, int64_t begin, int64_t end, int64_t width,
                    Tile* result) {
    using Lanes = typename SquaredDeviations<T>::Lanes;
    alignas(64) T base[kLanes * kWidth], mean[kLanes * kWidth], m2[kLanes * kWidth];
    const Lanes lanes{base, mean, m2};
    const bool together = g.stride == 1 && g.reduced.rank() == 1 && g.reduced_strides[0] == width;
    const int64_t taken = together ? (end - begin) / kLanes * kLanes : 0;
    for (int64_t i = 0; i < taken; i += kLanes)
      lanes.add(i / kLanes, x + (begin + i) * width, 1, kLanes * width);
    each_row(g, x, begin + taken, end, [&](int64_t i, const T* row) {
      lanes.from(i % kLanes * width).add((taken + i) / kLanes, row, g.stride, width);
    });
    double means[kWidth], m2s[kWidth];
    SquaredDeviations<T>::template merge_lanes<kWidth>(lanes, width, end - begin, width, means,
                                                       m2s);
    for (int64_t j = 0; j < width; ++j)
      result->value[j] = {static_cast<double>(end - begin), means[j], m2s[j]};
  }
};

// A group of a tile, block by block.
template <class Columns, class T>
struct ByColumns {
  static void run(const ReduceWork& work, int64_t tile, int64_t group, std::byte* states) {
    using Tile = typename Columns::Tile;
    const ReduceGeometry& g = work.geometry;
    const ReduceTile t = tile_at(work, tile, sizeof(T), sizeof(T));
    const T* x = reinterpret_cast<const T*>(t.x);
    const int64_t begin = group * kGroup * kBlock, end = std::min(g.count, begin + kGroup * kBlock);
    Tile* result = reinterpret_cast<Tile*>(states);
    if (end - begin <= kBlock) return Columns::block(g, x, begin, end, t.width, result);
    BinaryCounter<Tile, typename Columns::Merge> counter({t.width});
    Tile part;
    for (int64_t i = begin; i < end; i += kBlock) {
      Columns::block(g, x, i, std::min(i + kBlock, end), t.width, &part);
      counter.push(part);
    }
    *result = counter.finish();
  }
};

template <class Operator, class T>
constexpr ReduceKernels fold_kernels() {
  using F = Fold<Operator, T>;
  using C = Columns<Operator, T>;
  return {Rows<F>::run, ByColumns<C, T>::run, Rows<F>::finish, C::kWidth};
}
template <class Operator, class T>
constexpr ReduceKernels arg_kernels() {
  using A = ArgBest<Operator, T>;
  return {Rows<A>::run, nullptr, Rows<A>::finish, kTileBytes / sizeof(Best<T>)};
}
template <class T>
constexpr ReduceKernels moment_kernels() {
  if constexpr (is_float_type<T>) {
    using M = SquaredDeviations<T>;
    using C = MomentColumns<T>;
    return {Rows<M>::run, ByColumns<C, T>::run, Rows<M>::finish, C::kWidth};
  }
  return {};
}

template <class T>
constexpr ReduceKernels kKernels[] = {fold_kernels<Add, T>(),     fold_kernels<Multiply, T>(),
                                      fold_kernels<Maximum, T>(), fold_kernels<Minimum, T>(),
                                      arg_kernels<Maximum, T>(),  arg_kernels<Minimum, T>(),
                                      moment_kernels<T>()};

}  // namespace

ReduceKernels reduce_kernels(Reduce op, DType dtype) {
  return with_type(
      dtype, [op]<class T>(std::type_identity<T>) { return kKernels<T>[static_cast<int>(op)]; });
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lanewise::kernels {

HWY_EXPORT(reduce_kernels);

namespace fast {
namespace {

constexpr int64_t kGrain = 32 << 10;  // elements worth a thread

// Columns when outputs are closer together than the elements of one, or a row is too short for its
// lanes.
bool by_columns(const ReduceGeometry& g, DType dtype) {
  if (g.columns < 4 || g.reduced.rank() == 0) return false;
  if (std::abs(g.stride) < std::abs(g.inner_stride())) return true;
  return g.count < 16 && (is_float(dtype) || g.inner_stride() != 1);
}

ReduceWork make_work(const ReduceGeometry& g, int64_t width) {
  ReduceWork work{g, width, 0, 0, 0};
  work.tiles_across = (g.columns + width - 1) / width;
  work.tiles = g.outer * work.tiles_across;
  work.groups = std::max<int64_t>(1, (g.count + kGroup * kBlock - 1) / (kGroup * kBlock));
  return work;
}

}  // namespace

void reduce(Reduce op, const View& x, const bool* reduced, const View& out) {
  if (op >= Reduce::top_k) return top_k(op, x, reduced, out);
  const ReduceKernels kernels = HWY_DYNAMIC_DISPATCH(reduce_kernels)(op, x.dtype);
  const ReduceWork work = make_work(ReduceGeometry(x, reduced, out), kernels.width);
  if (work.tiles == 0) return;
  const auto chunk =
      kernels.columns && by_columns(work.geometry, x.dtype) ? kernels.columns : kernels.rows;
  const int64_t per_tile =
      std::min(work.width, work.geometry.columns) * std::min(work.geometry.count, kGroup * kBlock);
  const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, per_tile));

  if (work.groups == 1) {
    parallel_for(work.tiles, grain, [&](int64_t begin, int64_t end) {
      alignas(64) std::byte states[kTileBytes];
      for (int64_t tile = begin; tile < end; ++tile) {
        chunk(work, tile, 0, states);
        kernels.finish(work, tile, states);
      }
    });
    return;
  }
  Scratch scratch(static_cast<std::size_t>(work.tiles * work.groups * kTileBytes));
  parallel_for(work.tiles * work.groups, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      chunk(work, i / work.groups, i % work.groups, scratch.data() + i * kTileBytes);
    }
  });
  for (int64_t tile = 0; tile < work.tiles; ++tile) {
    kernels.finish(work, tile, scratch.data() + tile * work.groups * kTileBytes);
  }
}

}  // namespace fast
}  // namespace lanewise::kernels
#endif  // HWY_ONCE
