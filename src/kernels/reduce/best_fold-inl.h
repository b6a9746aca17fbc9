// The fold of the best element and its place.
#if defined(LANEWISE_BEST_FOLD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_BEST_FOLD_INL_H
#undef LANEWISE_BEST_FOLD_INL_H
#else
#define LANEWISE_BEST_FOLD_INL_H
#endif

#include <algorithm>
#include <type_traits>

#include "hwy/highway.h"
#include "kernels/reduce/fold_rows-inl.h"
#include "kernels/reduce/row_block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {

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

  static void add(const View& x, int64_t first, std::byte* lanes, int64_t /*next_tile*/) {
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
    Monoid::merge(&state, RowBlock<Monoid>(x.shape[0])(x.as<T>(), in_block));
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

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
