// The fold of squared deviations from the mean.
#if defined(LANEWISE_DEVIATION_FOLD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_DEVIATION_FOLD_INL_H
#undef LANEWISE_DEVIATION_FOLD_INL_H
#else
#define LANEWISE_DEVIATION_FOLD_INL_H
#endif

#include <algorithm>
#include <type_traits>

#include "hwy/highway.h"
#include "kernels/movement/stream.h"
#include "kernels/reduce/fold_rows-inl.h"
#include "kernels/reduce/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {

// Lanes: how many samples; the lanes of monoid.h. State: their count, means, m2s.
template <class T>
struct DeviationFolding {
  static constexpr bool kTakesColumns = true;
  using Monoid = SquaredDeviations<T>;
  using Lanes = typename Monoid::Lanes;

  static int64_t lanes_bytes(int64_t width) { return kLine + 3 * kLanes * row_bytes(width); }
  static int64_t state_bytes(int64_t width) { return kLine + 2 * column_bytes(width); }

  static void begin(int64_t /*width*/, std::byte* lanes) { count_of(lanes) = 0; }

  static void add(const View& x, int64_t first, std::byte* lanes, int64_t next_tile) {
    const int64_t width = x.shape[1];
    const Lanes all = lanes_in(lanes, width);
    count_of(lanes) += x.shape[0];
    if (lies_in_columns(x)) return add_columns(x, first % kBlock, all, next_tile);
    const int64_t size = sizeof(T), row_bytes = x.strides[0] * size;
    // So many rows that those which follow find room in L2 beside them; then all lanes, in turns.
    constexpr int64_t kNear = 128 << 10, kLeast = kTurns * kLanes;
    const int64_t near = std::max(kLeast, kNear / std::max<int64_t>(row_bytes, 1) & -kLeast);
    const int64_t rows = fills_lanes<T>(x) ? x.shape[0] : near;
    for (int64_t i = 0; i < x.shape[0]; i += rows) {
      const View part{
          x.data + i * row_bytes, x.dtype, {std::min(rows, x.shape[0] - i), width}, x.strides};
      add_rows(part, first + i, all, rows_ahead<T>(x, next_tile));
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

  // A piece of the width at a time, whose lanes stay in L1.
  static void add_rows(const View& x, int64_t first, const Lanes& all, int64_t ahead) {
    constexpr int64_t kPiece = 64;
    const int64_t width = x.shape[1], column = x.strides[1], turn = kLanes * x.strides[0];
    for (int64_t j = 0; j < width; j += kPiece) {
      const int64_t piece = std::min(kPiece, width - j);
      const View columns{x.data + j * column * static_cast<int64_t>(sizeof(T)),
                         x.dtype,
                         {x.shape[0], piece},
                         x.strides};
      each_row<T>(columns, first,
                  [&](auto turns, int64_t l, int64_t k, const T* row, int64_t rows) {
                    const Lanes lane = all.from(l * width + j);
                    if ((rows > 1 || turns > 1) && k > 0)
                      return add_turns<turns>(lane, k, row, rows * piece, turn, ahead);
                    if (rows > 1 && ahead > 0) fetch(row + ahead, rows * piece);
                    lane.add(k, row, rows > 1 ? 1 : column, rows * piece);
                  });
    }
  }

  // Numbers k … k + turns - 1 of lanes side by side: x[0 … width - 1], and those a turn further
  // each. k > 0.
  template <int turns>
  static void add_turns(const Lanes& all, int64_t k, const T* x, int64_t width, int64_t turn,
                        int64_t ahead) {
    constexpr typename Vectors::D d;
    typename Vectors::V weight[turns];
    for (int t = 0; t < turns; ++t) weight[t] = DeviationLanes<T>::weight(k + t);
    const auto add = [&](int64_t j, auto load, auto store) HWY_ATTR {
      const Lanes at = all.from(j);
      DeviationLanes<T> lanes{load(at.base), load(at.mean), load(at.m2)};
#pragma GCC unroll 8
      for (int t = 0; t < turns; ++t) {
        const T* at = x + t * turn + j;
        if (ahead > 0) fetch(at + ahead, Vectors::kWidth);
        lanes = lanes.next(load(at), weight[t]);
      }
      store(lanes.mean, at.mean);
      store(lanes.m2, at.m2);
    };
    const int64_t whole = width / Vectors::kWidth * Vectors::kWidth;
    for (int64_t j = 0; j < whole; j += Vectors::kWidth)
      add(
          j, [&](const T* from) HWY_ATTR { return hn::LoadU(d, from); },
          [&](auto v, T* to) HWY_ATTR { hn::StoreU(v, d, to); });
    if (whole == width) return;
    const auto rest = hn::FirstN(d, static_cast<std::size_t>(width - whole));
    add(
        whole, [&](const T* from) HWY_ATTR { return hn::MaskedLoad(rest, d, from); },
        [&](auto v, T* to) HWY_ATTR { hn::BlendedStore(v, rest, d, to); });
  }

  // Samples in_block … of a block, those of a column side by side.
  static void add_columns(const View& x, int64_t in_block, const Lanes& all, int64_t next_tile) {
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
    const auto add = [&]<int columns>(std::integral_constant<int, columns>) {
      for (; j + columns <= width; j += columns) {
        const T* next[columns];
        for (int c = 0; c < columns; ++c) next[c] = column_ahead<T>(x, j + c, next_tile);
        add_vectors<columns>(all.from(j), width, from + begin + j * column, column, k, vectors,
                             next);
      }
    };
    add(std::integral_constant<int, kTogether>());
    add(std::integral_constant<int, 1>());
    singly(end, count);
  }

  // Numbers k … k + vectors - 1 of all lanes of `columns` columns. next: what is fetched meanwhile,
  // nullptr: nothing.
  template <int columns>
  static void add_vectors(const Lanes& all, int64_t width, const T* x, int64_t column, int64_t k,
                          int64_t vectors, const T* const (&next)[columns]) {
    if (vectors == 0) return;
    constexpr typename Vectors::D d;
    constexpr int kParts = columns * Vectors::kCount;
    DeviationLanes<T> lanes[kParts];
    const auto each = [](auto body) HWY_ATTR {
#pragma GCC unroll 16
      for (int part = 0; part < kParts; ++part)
        body(part, part / Vectors::kCount, part % Vectors::kCount * Vectors::kWidth);
    };
    const auto fetch_next = [&](int64_t i) {
      for (int c = 0; next[0] && c < columns; ++c) fetch(next[c] + i * kLanes, kLanes);
    };
    int64_t i = 0;
    if (k == 0) {  // as Lanes::add() begins
      each([&](int part, int c, int lane) HWY_ATTR {
        lanes[part] = DeviationLanes<T>::begin(hn::LoadU(d, x + c * column + lane));
      });
      fetch_next(i++);
    } else {
      each([&](int part, int c, int lane) HWY_ATTR {
        const Lanes from = all.from(c + lane * width);
        lanes[part] = {gather(d, from.base, width), gather(d, from.mean, width),
                       gather(d, from.m2, width)};
      });
    }
    for (; i < vectors; ++i) {
      const auto weight = DeviationLanes<T>::weight(k + i);
      fetch_next(i);
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

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
