#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/reduce/tile_fold.cc"
#include "kernels/simd.h"
// The order of these matters.
#include <algorithm>
#include <type_traits>

#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/reduce/best_fold-inl.h"
#include "kernels/reduce/deviation_fold-inl.h"
#include "kernels/reduce/fold_rows-inl.h"
#include "kernels/reduce/tile_fold.h"
#include "kernels/reduce/top_k-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace {

template <class Operator, class T>
struct Folding {
  static constexpr bool kTakesColumns = true;
  static constexpr T kIdentity = identity_of<Operator, T>();

  static int64_t lanes_bytes(int64_t width) { return kLanes * state_bytes(width); }
  static int64_t state_bytes(int64_t width) { return width * static_cast<int64_t>(sizeof(T)); }

  static void begin(int64_t width, std::byte* lanes) {
    std::fill_n(reinterpret_cast<T*>(lanes), kLanes * width, kIdentity);
  }

  static void add(const View& x, int64_t first, std::byte* lanes, int64_t next_tile) {
    T* lane = reinterpret_cast<T*>(lanes);
    const int64_t width = x.shape[1], column = x.strides[1];
    if (lies_in_columns(x)) {
      for (int64_t j = 0; j < width; ++j)
        add_column(x.as<T>() + j * column, x.shape[0], first % kBlock, lane + j, width,
                   column_ahead<T>(x, j, next_tile));
      return;
    }
    const int64_t ahead = rows_ahead<T>(x, next_tile), turn = kLanes * x.strides[0];
    each_row<T>(x, first, [&](auto turns, int64_t l, int64_t, const T* row, int64_t rows) {
      if (rows > 1 || turns > 1)
        take_turns<turns>(lane + l * width, row, rows * width, turn, ahead);
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

  // Elements 0 … width - 1 of each turn, which are `turn` apart.
  template <int turns>
  LANEWISE_INLINE static void take_turns(T* lane, const T* x, int64_t width, int64_t turn,
                                         int64_t ahead) {
    constexpr int64_t kPiece = 64;
    const auto fetch_turns = [&](int64_t j, int64_t count) {
#pragma GCC unroll 8
      for (int t = 0; t < turns; ++t) fetch(x + t * turn + j + ahead, count);
    };
    int64_t j = 0;
    for (; ahead > 0 && j + kPiece <= width; j += kPiece) {
      fetch_turns(j, kPiece);
      take_piece<turns>(lane, x, turn, j, j + kPiece);
    }
    if (ahead > 0) fetch_turns(j, width - j);
    take_piece<turns>(lane, x, turn, j, width);
  }
  // Of the elements begin … end - 1 of each.
  template <int turns>
  LANEWISE_INLINE static void take_piece(T* lane, const T* x, int64_t turn, int64_t begin,
                                         int64_t end) {
    const Operator f;
#pragma GCC ivdep
    for (int64_t j = begin; j < end; ++j) {
      T value = lane[j];
#pragma GCC unroll 8
      for (int t = 0; t < turns; ++t) value = f(value, x[t * turn + j]);
      lane[j] = value;
    }
  }

  static void add_column(const T* x, int64_t count, int64_t first, T* lanes, int64_t width,
                         const T* next) {
    const Operator f;
    T lane[kLanes];
    for (int l = 0; l < kLanes; ++l) lane[l] = lanes[(first + l) % kLanes * width];
    int64_t i = 0;
    // The lanes stay in registers for several turns.
    const auto together = [&]<int turns>(Turns<turns>) {
      for (; i + turns * kLanes <= count; i += turns * kLanes) {
        if (next) fetch(next + i, turns * kLanes);
        for (int l = 0; l < kLanes; ++l) {
          T value = lane[l];
#pragma GCC unroll 8
          for (int t = 0; t < turns; ++t) value = f(value, x[i + t * kLanes + l]);
          lane[l] = value;
        }
      }
    };
    together(Turns<4>());
    together(Turns<1>());
    for (int l = 0; i + l < count; ++l) lane[l] = f(lane[l], x[i + l]);
    for (int l = 0; l < kLanes; ++l) lanes[(first + l) % kLanes * width] = lane[l];
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
