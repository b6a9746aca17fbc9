#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/reduce/tile_fold.cc"
#include "kernels/simd.h"
// The order of these matters.
#include <algorithm>
#include <type_traits>

#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/movement/stream.h"
#include "kernels/reduce/lanes-inl.h"
#include "kernels/reduce/tile_fold.h"
#include "kernels/reduce/top_k-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace {

using fast::Ahead;
using fast::kLine;

constexpr int64_t in_lines(int64_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

// Of `count` elements that lie together.
template <class T>
LANEWISE_INLINE void fetch(const T* x, int64_t count, Ahead ahead) {
  if (ahead.bytes == 0) return;
  const int64_t bytes = count * static_cast<int64_t>(sizeof(T));
  fast::fetch(reinterpret_cast<const std::byte*>(x) + ahead.bytes, bytes * ahead.part / ahead.parts,
              bytes * (ahead.part + 1) / ahead.parts);
}

// Rows of x that lie together fill all lanes at once where they are short.
template <class T>
bool fills_lanes(const View& x) {
  constexpr int64_t kShort = 64;
  const int64_t width = x.shape[1];
  return width <= kShort && x.strides[0] == width && (width == 1 || x.strides[1] == 1);
}

// Whether columns had better be taken in one after the other: their samples lie together.
bool lies_in_columns(const View& x) {
  return x.strides[0] == 1 && (x.shape[1] == 1 || x.shape[0] >= 2 * kLanes);
}

// How often all lanes take in rows before they are stored, where rows lie together. Four are slower
// from memory: streams that lie too close.
constexpr int kTurns = 2;
template <int turns>
using Turns = std::integral_constant<int, turns>;

// Calls take(turns, lane, number of the row in its lane, row of x, rows that lie together): one, or
// of all lanes, turns times.
template <class T, class Take>
LANEWISE_INLINE void each_row(const View& x, int64_t first, Take take) {
  const int64_t count = x.shape[0], row = x.strides[0], in_block = first % kBlock;
  const T* from = x.as<T>();
  int64_t i = 0;
  const auto singly = [&](int64_t end) {
    for (; i < end; ++i)
      take(Turns<1>(), (in_block + i) % kLanes, (in_block + i) / kLanes, from + i * row,
           int64_t{1});
  };
  const auto together = [&](auto turns) {
    for (; i + turns * kLanes <= count; i += turns * kLanes)
      take(turns, int64_t{0}, (in_block + i) / kLanes, from + i * row, int64_t{kLanes});
  };
  if (fills_lanes<T>(x)) {
    singly(std::min(count, -in_block & (kLanes - 1)));
    // The first of a block begin its lanes.
    if (in_block + i == 0 && count >= kLanes) {
      take(Turns<1>(), int64_t{0}, int64_t{0}, from, int64_t{kLanes});
      i = kLanes;
    }
    together(Turns<kTurns>());
    together(Turns<1>());
  }
  singly(count);
}

template <class Operator, class T>
struct Folding {
  static constexpr bool kTakesColumns = true;
  static constexpr T kIdentity = identity_of<Operator, T>();

  static int64_t lanes_bytes(int64_t width) { return kLanes * state_bytes(width); }
  static int64_t state_bytes(int64_t width) { return width * static_cast<int64_t>(sizeof(T)); }

  static void begin(int64_t width, std::byte* lanes) {
    std::fill_n(reinterpret_cast<T*>(lanes), kLanes * width, kIdentity);
  }

  static void add(const View& x, int64_t first, std::byte* lanes, Ahead ahead) {
    T* lane = reinterpret_cast<T*>(lanes);
    const int64_t width = x.shape[1], column = x.strides[1];
    if (lies_in_columns(x)) {
      for (int64_t j = 0; j < width; ++j) {
        fetch(x.as<T>() + j * column, x.shape[0], ahead);
        add_column(x.as<T>() + j * column, x.shape[0], first % kBlock, lane + j, width);
      }
      return;
    }
    each_row<T>(x, first, [&](auto turns, int64_t l, int64_t, const T* row, int64_t rows) {
      if (rows > 1) take_turns<turns>(lane, row, rows * width);
      else take_in(lane + l * width, row, column, width);
    });
  }

  static void finish(int64_t width, std::byte* lanes, std::byte* state) {
    T* lane = reinterpret_cast<T*>(lanes);
    for (int half = kLanes / 2; half > 0; half /= 2)
      take_in(lane, lane + half * width, 1, half * width);
    std::copy_n(lane, width, reinterpret_cast<T*>(state));
  }

  static void merge(int64_t width, std::byte* earlier, const std::byte* later) {
    take_in(reinterpret_cast<T*>(earlier), reinterpret_cast<const T*>(later), 1, width);
  }

  static void result(int64_t width, const std::byte* state, std::byte* out) {
    std::copy_n(reinterpret_cast<const T*>(state), width, reinterpret_cast<T*>(out));
  }

 private:
  LANEWISE_INLINE static void take_in(T* lane, const T* x, int64_t column, int64_t width) {
    const Operator f;
    if (column == 1) {
#pragma GCC ivdep
      for (int64_t j = 0; j < width; ++j) lane[j] = f(lane[j], x[j]);
    } else {
#pragma GCC ivdep
      for (int64_t j = 0; j < width; ++j) lane[j] = f(lane[j], x[j * column]);
    }
  }

  template <int turns>
  LANEWISE_INLINE static void take_turns(T* lane, const T* x, int64_t width) {
    const Operator f;
#pragma GCC ivdep
    for (int64_t j = 0; j < width; ++j) {
      T value = lane[j];
#pragma GCC unroll 8
      for (int t = 0; t < turns; ++t) value = f(value, x[t * width + j]);
      lane[j] = value;
    }
  }

  static void add_column(const T* x, int64_t count, int64_t first, T* lanes, int64_t width) {
    const Operator f;
    T lane[kLanes];
    for (int l = 0; l < kLanes; ++l) lane[l] = lanes[(first + l) % kLanes * width];
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
      for (int l = 0; l < kLanes; ++l) lane[l] = f(lane[l], x[i + l]);
    for (int l = 0; i + l < count; ++l) lane[l] = f(lane[l], x[i + l]);
    for (int l = 0; l < kLanes; ++l) lanes[(first + l) % kLanes * width] = lane[l];
  }
};

// Lanes: how many samples; the lanes of monoid.h. State: their count, means, m2s.
template <class T>
struct DeviationFolding {
  static constexpr bool kTakesColumns = true;
  using Monoid = SquaredDeviations<T>;
  using Lanes = typename Monoid::Lanes;

  static int64_t lanes_bytes(int64_t width) { return kLine + 3 * kLanes * row_bytes(width); }
  static int64_t state_bytes(int64_t width) { return kLine + 2 * column_bytes(width); }

  static void begin(int64_t /*width*/, std::byte* lanes) { count_of(lanes) = 0; }

  static void add(const View& x, int64_t first, std::byte* lanes, Ahead ahead) {
    const int64_t width = x.shape[1], column = x.strides[1];
    const Lanes all = lanes_in(lanes, width);
    count_of(lanes) += x.shape[0];
    if (lies_in_columns(x)) return add_columns(x, first % kBlock, all, ahead);
    // A piece of the width at a time, whose lanes stay in L1.
    constexpr int64_t kPiece = 64;
    for (int64_t j = 0; j < width; j += kPiece) {
      const int64_t piece = std::min(kPiece, width - j);
      const View columns{x.data + j * column * static_cast<int64_t>(sizeof(T)),
                         x.dtype,
                         {x.shape[0], piece},
                         x.strides};
      each_row<T>(columns, first,
                  [&](auto turns, int64_t l, int64_t k, const T* row, int64_t rows) {
                    const Lanes lane = all.from(l * width + j);
                    if (rows > 1 && k > 0) add_turns<turns>(lane, k, row, rows * piece);
                    else lane.add(k, row, rows > 1 ? 1 : column, rows * piece);
                  });
    }
  }

  static void finish(int64_t width, std::byte* lanes, std::byte* state) {
    constexpr int kPiece = 16;
    const Lanes all = lanes_in(lanes, width);
    const int64_t count = count_of(lanes);
    const Block block(state, width);
    *block.count = static_cast<double>(count);
    for (int64_t j = 0; j < width; j += kPiece)
      Monoid::template merge_lanes<kPiece>(all.from(j), width, count,
                                           std::min<int64_t>(kPiece, width - j), block.mean + j,
                                           block.m2 + j);
  }

  static void merge(int64_t width, std::byte* earlier, const std::byte* later) {
    const Block a(earlier, width);
    const Block b(later, width);
    const MomentWeights weights(*a.count, *b.count);
#pragma GCC ivdep
    for (int64_t j = 0; j < width; ++j) weights.merge(&a.mean[j], &a.m2[j], b.mean[j], b.m2[j]);
    *a.count += *b.count;
  }

  static void result(int64_t width, const std::byte* state, std::byte* out) {
    const double* m2 = Block(state, width).m2;
    std::transform(m2, m2 + width, reinterpret_cast<T*>(out),
                   [](double x) { return static_cast<T>(x); });
  }

 private:
  using Vectors = LaneVectors<T>;
  // Columns whose recurrences overlap, as many as registers hold the lanes of.
  static constexpr int kTogether = std::max(1, 4 / Vectors::kCount);

  // Numbers k … k + turns - 1 of all lanes: x[0 … width - 1], then those behind. k > 0.
  template <int turns>
  static void add_turns(const Lanes& all, int64_t k, const T* x, int64_t width) {
    constexpr typename Vectors::D d;
    typename Vectors::V weight[turns];
    for (int t = 0; t < turns; ++t) weight[t] = DeviationLanes<T>::weight(k + t);
    for (int64_t j = 0; j < width; j += Vectors::kWidth) {
      const Lanes at = all.from(j);
      DeviationLanes<T> lanes{hn::LoadU(d, at.base), hn::LoadU(d, at.mean), hn::LoadU(d, at.m2)};
#pragma GCC unroll 8
      for (int t = 0; t < turns; ++t)
        lanes = lanes.next(hn::LoadU(d, x + t * width + j), weight[t]);
      hn::StoreU(lanes.mean, d, at.mean);
      hn::StoreU(lanes.m2, d, at.m2);
    }
  }

  // Samples in_block … of a block, those of a column side by side.
  static void add_columns(const View& x, int64_t in_block, const Lanes& all, Ahead ahead) {
    const int64_t width = x.shape[1], count = x.shape[0], column = x.strides[1];
    const int64_t begin = std::min(count, -in_block & (kLanes - 1));
    const int64_t end = begin + (count - begin) / kLanes * kLanes;
    const T* from = x.as<T>();
    const auto singly = [&](int64_t i, int64_t stop) {
      for (; i < stop; ++i)
        all.from((in_block + i) % kLanes * width)
            .add((in_block + i) / kLanes, from + i, column, width);
    };
    singly(0, begin);
    const int64_t k = (in_block + begin) / kLanes, vectors = (end - begin) / kLanes;
    int64_t j = 0;
    const auto fetch_columns = [&](int64_t end) {
      for (int64_t c = j; c < end; ++c) fetch(from + c * column, count, ahead);
    };
    for (; j + kTogether <= width; j += kTogether) {
      fetch_columns(j + kTogether);
      add_vectors<kTogether>(all.from(j), width, from + begin + j * column, column, k, vectors);
    }
    fetch_columns(width);
    for (; j < width; ++j)
      add_vectors<1>(all.from(j), width, from + begin + j * column, column, k, vectors);
    singly(end, count);
  }

  // Numbers k … k + vectors - 1 of all lanes of `columns` columns.
  template <int columns>
  static void add_vectors(const Lanes& all, int64_t width, const T* x, int64_t column, int64_t k,
                          int64_t vectors) {
    if (vectors == 0) return;
    constexpr typename Vectors::D d;
    constexpr int kParts = columns * Vectors::kCount;
    DeviationLanes<T> lanes[kParts];
    const auto each = [](auto body) HWY_ATTR {
#pragma GCC unroll 16
      for (int part = 0; part < kParts; ++part)
        body(part, part / Vectors::kCount, part % Vectors::kCount * Vectors::kWidth);
    };
    int64_t i = 0;
    if (k == 0) {  // as Lanes::add() begins
      each([&](int part, int c, int lane) HWY_ATTR {
        lanes[part] = DeviationLanes<T>::begin(hn::LoadU(d, x + c * column + lane));
      });
      ++i;
    } else {
      each([&](int part, int c, int lane) HWY_ATTR {
        const Lanes from = all.from(c + lane * width);
        lanes[part] = {gather(d, from.base, width), gather(d, from.mean, width),
                       gather(d, from.m2, width)};
      });
    }
    for (; i < vectors; ++i) {
      const auto weight = DeviationLanes<T>::weight(k + i);
      each([&](int part, int c, int lane) HWY_ATTR {
        lanes[part] = lanes[part].next(hn::LoadU(d, x + c * column + i * kLanes + lane), weight);
      });
    }
    each([&](int part, int c, int lane) HWY_ATTR {
      const Lanes to = all.from(c + lane * width);
      scatter(d, lanes[part].base, to.base, width);
      scatter(d, lanes[part].mean, to.mean, width);
      scatter(d, lanes[part].m2, to.m2, width);
    });
  }

  // Lanes lie `width` apart.
  static typename Vectors::V gather(typename Vectors::D d, const T* from, int64_t width) {
    alignas(64) T x[Vectors::kWidth];
    for (int l = 0; l < Vectors::kWidth; ++l) x[l] = from[l * width];
    return hn::Load(d, x);
  }
  static void scatter(typename Vectors::D d, typename Vectors::V v, T* to, int64_t width) {
    alignas(64) T x[Vectors::kWidth];
    hn::Store(v, d, x);
    for (int l = 0; l < Vectors::kWidth; ++l) to[l * width] = x[l];
  }

  static int64_t row_bytes(int64_t width) {
    return in_lines(width * static_cast<int64_t>(sizeof(T)));
  }
  static int64_t column_bytes(int64_t width) {
    return in_lines(width * static_cast<int64_t>(sizeof(double)));
  }

  template <class Byte>  // const or not
  struct Block {
    using Double = std::conditional_t<std::is_const_v<Byte>, const double, double>;
    Double *count, *mean, *m2;
    Block(Byte* state, int64_t width)
        : count(reinterpret_cast<Double*>(state)),
          mean(reinterpret_cast<Double*>(state + kLine)),
          m2(reinterpret_cast<Double*>(state + kLine + column_bytes(width))) {}
  };

  static int64_t& count_of(std::byte* lanes) { return *reinterpret_cast<int64_t*>(lanes); }
  static Lanes lanes_in(std::byte* lanes, int64_t width) {
    const auto at = [&](int64_t k) {
      return reinterpret_cast<T*>(lanes + kLine + k * kLanes * row_bytes(width));
    };
    return {at(0), at(1), at(2)};
  }
};

// No lanes: the best so far and its place in the block. State: the best, their samples.
template <class Operator, class T>
struct BestFolding {
  static constexpr bool kTakesColumns = false;
  using Monoid = ArgBest<Operator, T>;
  // As wide as the values, so that vectors hold equal numbers of both.
  using Place = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;

  static int64_t lanes_bytes(int64_t width) {
    return kLine + value_bytes(width) + index_bytes(width);
  }
  static int64_t state_bytes(int64_t width) { return value_bytes(width) + index_bytes(width); }

  static void begin(int64_t /*width*/, std::byte* /*lanes*/) {}

  static void add(const View& x, int64_t first, std::byte* lanes, Ahead /*ahead*/) {
    const int64_t width = x.shape[1], in_block = first % kBlock;
    T* best = values_in(lanes + kLine);
    Place* place = places_in(lanes, width);
    if (in_block == 0) start_block(x, first, lanes);
    if (width == 1 && x.strides[0] == 1) return add_column(x, in_block, best, place);
    for (int64_t i = 0; i < x.shape[0]; ++i)
      take_in(x.as<T>() + i * x.strides[0], x.strides[1], static_cast<Place>(in_block + i), width,
              best, place);
  }

  static void finish(int64_t width, std::byte* lanes, std::byte* state) {
    const Place* place = places_in(lanes, width);
    const int64_t block = block_of(lanes);
    std::copy_n(values_in(lanes + kLine), width, values_in(state));
    std::transform(place, place + width, indices_in(state, width),
                   [block](Place p) { return block + p; });
  }

  static void merge(int64_t width, std::byte* earlier, const std::byte* later) {
    T* best = values_in(earlier);
    int64_t* index = indices_in(earlier, width);
    const T* later_best = values_in(later);
    const int64_t* later_index = indices_in(later, width);
    for (int64_t j = 0; j < width; ++j) {
      const bool better = Monoid::better(later_best[j], best[j]);
      best[j] = better ? later_best[j] : best[j];
      index[j] = better ? later_index[j] : index[j];
    }
  }

  static void result(int64_t width, const std::byte* state, std::byte* out) {
    std::copy_n(indices_in(state, width), width, reinterpret_cast<int64_t*>(out));
  }

 private:
  static int64_t value_bytes(int64_t width) {
    return in_lines(width * static_cast<int64_t>(sizeof(T)));
  }
  static int64_t index_bytes(int64_t width) {
    return in_lines(width * static_cast<int64_t>(sizeof(int64_t)));
  }
  static int64_t& block_of(std::byte* lanes) { return *reinterpret_cast<int64_t*>(lanes); }
  static T* values_in(std::byte* state) { return reinterpret_cast<T*>(state); }
  static const T* values_in(const std::byte* state) { return reinterpret_cast<const T*>(state); }
  static Place* places_in(std::byte* lanes, int64_t width) {
    return reinterpret_cast<Place*>(lanes + kLine + value_bytes(width));
  }
  static int64_t* indices_in(std::byte* state, int64_t width) {
    return reinterpret_cast<int64_t*>(state + value_bytes(width));
  }
  static const int64_t* indices_in(const std::byte* state, int64_t width) {
    return reinterpret_cast<const int64_t*>(state + value_bytes(width));
  }

  // The first sample is the best so far.
  static void start_block(const View& x, int64_t first, std::byte* lanes) {
    const int64_t width = x.shape[1];
    block_of(lanes) = first;
    for (int64_t j = 0; j < width; ++j) values_in(lanes + kLine)[j] = x.as<T>()[j * x.strides[1]];
    std::fill_n(places_in(lanes, width), width, Place{0});
  }

  static void add_column(const View& x, int64_t in_block, T* best, Place* place) {
    Best<T> state{*best, *place};
    Monoid::update(&state, x.as<T>(), x.shape[0], in_block);
    *best = state.value;
    *place = static_cast<Place>(state.index);
  }

  LANEWISE_INLINE static void take_in(const T* x, int64_t column, Place at, int64_t width, T* best,
                                      Place* place) {
#pragma GCC ivdep
    for (int64_t j = 0; j < width; ++j) {
      const T value = x[j * column];
      const bool better = Monoid::better(value, best[j]);
      best[j] = better ? value : best[j];
      place[j] = better ? at : place[j];
    }
  }
};

// One result a column: the width says all.
template <class F>
constexpr fast::TileFold folding() {
  using Size = fast::FoldSize;
  return {[](Size s) { return F::lanes_bytes(s.width); },
          [](Size s) { return F::state_bytes(s.width); },
          [](Size s, std::byte* lanes) { F::begin(s.width, lanes); },
          F::add,
          [](Size s, std::byte* lanes, std::byte* state) { F::finish(s.width, lanes, state); },
          [](Size s, std::byte* a, const std::byte* b) { F::merge(s.width, a, b); },
          [](Size s, const std::byte* state, std::byte* out) { F::result(s.width, state, out); },
          true,
          F::kTakesColumns};
}
template <class T>
constexpr fast::TileFold deviation_folding() {
  if constexpr (is_float_type<T>) return folding<DeviationFolding<T>>();
  return {};
}
template <class F>
constexpr fast::TileFold top_k_folding(decltype(fast::TileFold::result) result) {
  return {F::lanes_bytes, F::state_bytes, F::begin, F::add, F::finish,
          F::merge,       result,         false,    false};
}
// A bool is ordered as its byte.
template <class Order, class T>
using TopK = TopKFolding<Order, std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>>;
template <class Order, class T>
constexpr fast::TileFold kValues = top_k_folding<TopK<Order, T>>(TopK<Order, T>::values);
template <class Order, class T>
constexpr fast::TileFold kIndices = top_k_folding<TopK<Order, T>>(TopK<Order, T>::indices);

template <class T>
constexpr fast::TileFold kFoldings[] = {folding<Folding<Add, T>>(),
                                        folding<Folding<Multiply, T>>(),
                                        folding<Folding<Maximum, T>>(),
                                        folding<Folding<Minimum, T>>(),
                                        folding<BestFolding<Maximum, T>>(),
                                        folding<BestFolding<Minimum, T>>(),
                                        deviation_folding<T>(),
                                        kValues<Largest, T>,
                                        kValues<Smallest, T>,
                                        kIndices<Largest, T>,
                                        kIndices<Smallest, T>};

}  // namespace

fast::TileFold find_tile_fold(Reduce op, DType dtype) {
  return with_type(
      dtype, [op]<class T>(std::type_identity<T>) { return kFoldings<T>[static_cast<int>(op)]; });
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lanewise::kernels {

HWY_EXPORT(find_tile_fold);

fast::TileFold fast::tile_fold(Reduce op, DType dtype) {
  return HWY_DYNAMIC_DISPATCH(find_tile_fold)(op, dtype);
}

}  // namespace lanewise::kernels
#endif  // HWY_ONCE
