// The fold of top_k and its kin: each column has a list of candidates. A sample that is no better
// than the bound of its column, the worst of the k best seen, is passed over; others join the list,
// which is cut back to its k best when it is full.
#if defined(LANEWISE_REDUCE_TOP_K_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_REDUCE_TOP_K_INL_H
#undef LANEWISE_REDUCE_TOP_K_INL_H
#else
#define LANEWISE_REDUCE_TOP_K_INL_H
#endif

#include <algorithm>
#include <cstdlib>
#include <type_traits>

#include "hwy/highway.h"
#include "kernels/reduce/tile_fold.h"
#include "kernels/reduce/top_k.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {

// Lanes: a head, the bounds, the lengths of the lists, the lists. State: a head, then of each
// column the best, sorted.
template <class Order, class T>
struct TopKFolding {
  using Size = fast::FoldSize;
  using Item = Candidate<T>;

  static int64_t lanes_bytes(Size s) {
    return kHead + bounds_bytes(s.width) + lengths_bytes(s.width) +
           s.width * capacity(s.k) * static_cast<int64_t>(sizeof(Item));
  }
  static int64_t state_bytes(Size s) {
    return kHead + s.width * s.k * static_cast<int64_t>(sizeof(Item));
  }

  static void begin(Size s, std::byte* lanes) {
    head(lanes) = {s.k, 0};
    std::fill_n(Lists(lanes, s.width).length, s.width, 0);
  }

  static void add(const View& x, int64_t first, std::byte* lanes) {
    const Lists lists(lanes, x.shape[1]);
    int64_t& seen = head(lanes).seen;
    const int64_t open = std::clamp<int64_t>(lists.k - seen, 0, x.shape[0]);
    if (open > 0) fill(lists, x, open, first);
    if (open > 0 && seen + open == lists.k) set_bounds(lists, x.shape[1]);
    seen += x.shape[0];
    if (std::abs(x.strides[0]) < std::abs(x.strides[1]) || x.shape[1] == 1)
      add_columns(lists, x, open, first);
    else add_rows(lists, x, open, first);
  }

  static void finish(Size s, std::byte* lanes, std::byte* state) {
    const Lists lists(lanes, s.width);
    const int64_t count = std::min(s.k, head(lanes).seen);
    head(state) = {s.k, count};
    for (int64_t j = 0; j < s.width; ++j) {
      Item* list = lists.of(j);
      std::partial_sort(list, list + count, list + lists.length[j], comes_before<Order, T>);
      std::copy_n(list, count, best(state) + j * s.k);
    }
  }

  static void merge(Size s, std::byte* earlier, const std::byte* later) {
    const int64_t a = head(earlier).seen, b = head(later).seen, count = std::min(s.k, a + b);
    for (int64_t j = 0; j < s.width; ++j)
      merge_lists(best(earlier) + j * s.k, a, best(later) + j * s.k, b, count);
    head(earlier).seen = count;
  }

  static void values(Size s, const std::byte* state, std::byte* out) {
    spread(s, state, &Item::value, reinterpret_cast<T*>(out));
  }
  static void indices(Size s, const std::byte* state, std::byte* out) {
    spread(s, state, &Item::index, reinterpret_cast<int64_t*>(out));
  }

 private:
  struct Head {
    int64_t k, seen;
  };
  static constexpr int64_t kHead = 64;

  static constexpr int64_t in_lines(int64_t bytes) { return (bytes + 63) / 64 * 64; }
  static int64_t bounds_bytes(int64_t width) {
    return in_lines(width * static_cast<int64_t>(sizeof(T)));
  }
  static int64_t lengths_bytes(int64_t width) {
    return in_lines(width * static_cast<int64_t>(sizeof(int64_t)));
  }
  // Room for some that the bound let pass, so that lists are seldom cut.
  static int64_t capacity(int64_t k) { return k + std::max<int64_t>(k, 16); }

  static Head& head(std::byte* memory) { return *reinterpret_cast<Head*>(memory); }
  static const Head& head(const std::byte* memory) {
    return *reinterpret_cast<const Head*>(memory);
  }
  static Item* best(std::byte* state) { return reinterpret_cast<Item*>(state + kHead); }
  static const Item* best(const std::byte* state) {
    return reinterpret_cast<const Item*>(state + kHead);
  }

  template <class Result>
  static void spread(Size s, const std::byte* state, Result Item::*part, Result* out) {
    for (int64_t j = 0; j < s.width; ++j)
      for (int64_t i = 0; i < s.k; ++i)
        out[(j / s.inner * s.k + i) * s.inner + j % s.inner] = best(state)[j * s.k + i].*part;
  }

  struct Lists {
    int64_t k;
    T* bound;
    int64_t* length;
    Item* items;

    Lists(std::byte* lanes, int64_t width)
        : k(head(lanes).k),
          bound(reinterpret_cast<T*>(lanes + kHead)),
          length(reinterpret_cast<int64_t*>(lanes + kHead + bounds_bytes(width))),
          items(reinterpret_cast<Item*>(lanes + kHead + bounds_bytes(width) +
                                        lengths_bytes(width))) {}

    Item* of(int64_t j) const { return items + j * capacity(k); }
    void append(int64_t j, T value, int64_t index) const { of(j)[length[j]++] = {value, index}; }
    void enter(int64_t j, T value, int64_t index) const {
      if (!Order::may_enter(value, bound[j])) return;
      append(j, value, index);
      if (length[j] == capacity(k)) cut(j);
    }
    void cut(int64_t j) const {
      Item *list = of(j), *worst = list + k - 1;
      std::nth_element(list, worst, list + length[j], comes_before<Order, T>);
      length[j] = k;
      bound[j] = worst->value;
    }
  };

  // The first k samples come in whatever they are.
  static void fill(const Lists& lists, const View& x, int64_t count, int64_t first) {
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = 0; j < x.shape[1]; ++j)
        lists.append(j, x.as<T>()[i * x.strides[0] + j * x.strides[1]], first + i);
  }
  static void set_bounds(const Lists& lists, int64_t width) {
    for (int64_t j = 0; j < width; ++j) lists.cut(j);
  }

  // Whether any of x[0], x[stride], … may enter a list; bound_stride: 1, or 0 for one list.
  LANEWISE_INLINE static bool any_may_enter(const T* x, int64_t stride, const T* bound,
                                            int64_t bound_stride, int64_t count) {
    using Flag = std::conditional_t<
        sizeof(T) == 8, int64_t,
        std::conditional_t<sizeof(T) == 4, int32_t, int8_t>>;  // as wide as the elements
    Flag any = 0;
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i)
      any |= static_cast<Flag>(Order::may_enter(x[i * stride], bound[i * bound_stride]));
    return any != 0;
  }

  static void add_rows(const Lists& lists, const View& x, int64_t begin, int64_t first) {
    constexpr int64_t kPiece = 16;
    const int64_t width = x.shape[1], column = x.strides[1];
    for (int64_t i = begin; i < x.shape[0]; ++i) {
      const T* row = x.as<T>() + i * x.strides[0];
      for (int64_t j = 0; j < width; j += kPiece) {
        const int64_t count = std::min(kPiece, width - j);
        const T *piece = row + j * column, *bound = lists.bound + j;
        const bool any = column == 1 && count == kPiece ? any_may_enter(piece, 1, bound, 1, kPiece)
                                                        : any_may_enter(piece, column, bound, 1, count);
        for (int64_t l = 0; any && l < count; ++l) lists.enter(j + l, piece[l * column], first + i);
      }
    }
  }

  static void add_columns(const Lists& lists, const View& x, int64_t begin, int64_t first) {
    constexpr int64_t kPiece = 64;
    const int64_t row = x.strides[0];
    for (int64_t j = 0; j < x.shape[1]; ++j) {
      const T* column = x.as<T>() + j * x.strides[1];
      for (int64_t i = begin; i < x.shape[0]; i += kPiece) {
        const int64_t count = std::min(kPiece, x.shape[0] - i);
        const T *piece = column + i * row, bound = lists.bound[j];
        const bool any = row == 1 && count == kPiece ? any_may_enter(piece, 1, &bound, 0, kPiece)
                                                     : any_may_enter(piece, row, &bound, 0, count);
        for (int64_t l = 0; any && l < count; ++l) lists.enter(j, piece[l * row], first + i + l);
      }
    }
  }

  // The first `count` of both, both sorted, into `earlier`: from the back, where there is room.
  static void merge_lists(Item* earlier, int64_t a, const Item* later, int64_t b, int64_t count) {
    int64_t i = 0, j = 0;
    while (i + j < count)
      if (j == b || (i < a && comes_before<Order, T>(earlier[i], later[j]))) ++i;
      else ++j;
    while (j > 0)
      if (i > 0 && comes_before<Order, T>(later[j - 1], earlier[i - 1])) {
        earlier[i + j - 1] = earlier[i - 1];
        --i;
      } else {
        earlier[i + j - 1] = later[j - 1];
        --j;
      }
  }
};

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
