// How reductions over the samples of a tile walk over it, and what they fetch meanwhile.
#if defined(LANEWISE_FOLD_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_FOLD_ROWS_INL_H
#undef LANEWISE_FOLD_ROWS_INL_H
#else
#define LANEWISE_FOLD_ROWS_INL_H
#endif

#include <algorithm>
#include <type_traits>

#include "hwy/highway.h"
#include "kernels/movement/stream.h"
#include "kernels/reduce/monoid.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {

using fast::kLine;

constexpr int64_t in_lines(int64_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

template <class T>
LANEWISE_INLINE void fetch(const T* x, int64_t count) {
  fast::fetch(reinterpret_cast<const std::byte*>(x), 0, count * static_cast<int64_t>(sizeof(T)));
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

// Elements from those that all lanes take in to those that are fetched meanwhile, about as many
// turns later; 0: none are.
template <class T>
int64_t rows_ahead(const View& x, int64_t next_tile) {
  constexpr auto kLeast = fast::kFetchAhead / static_cast<int64_t>(sizeof(T));
  return next_tile == 0 ? 0 : std::max(kLeast, kTurns * kLanes * x.strides[0]);
}

// The column that is fetched while column j is taken in, of this tile or one that follows; nullptr:
// none is.
template <class T>
const T* column_ahead(const View& x, int64_t j, int64_t next_tile) {
  constexpr int64_t kAhead = 4;
  if (next_tile == 0) return nullptr;
  const int64_t width = x.shape[1], at = j + kAhead;
  return x.as<T>() + at % width * x.strides[1] +
         at / width * (next_tile / static_cast<int64_t>(sizeof(T)));
}

// Calls take(turns, lane, number of the row in its lane, row of x, rows): of so many lanes, one or
// all, whose rows lie together, the rows of so many turns, each kLanes rows behind the one before.
// Several turns only where a row's elements lie side by side, and not from number 0 on.
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
  const auto in_turns = [&](auto turns, int64_t rows) {
    for (; i + turns * kLanes <= count; i += turns * kLanes)
      for (int64_t l = 0; l < kLanes; l += rows)
        take(turns, l, (in_block + i) / kLanes, from + (i + l) * row, rows);
  };
  const bool together = fills_lanes<T>(x);
  if (together || x.strides[1] == 1) {
    singly(std::min(count, -in_block & (kLanes - 1)));
    const int64_t rows = together ? kLanes : 1;
    // The first of a block begin its lanes.
    if (in_block + i == 0 && count >= kLanes) {
      for (; i < kLanes; i += rows) take(Turns<1>(), i, int64_t{0}, from + i * row, rows);
    }
    in_turns(Turns<kTurns>(), rows);
    in_turns(Turns<1>(), rows);
  }
  singly(count);
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
