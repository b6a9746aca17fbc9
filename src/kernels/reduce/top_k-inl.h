// The fold of the k best: each column has a heap of the best so far, the worst of them on top. A
// vector of elements is compared with these bounds at once, so nearly all are passed over.
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
namespace hn = hwy::HWY_NAMESPACE;

// Lanes: a head, the bounds, the heaps. State: a head, then of each column the best in order.
template <class Order, class T>
struct TopKFolding {
  using Size = fast::FoldSize;
  using Item = Candidate<T>;

  static int64_t lanes_bytes(Size s) { return bounds_bytes(s.width) + state_bytes(s); }
  static int64_t state_bytes(Size s) {
    return kLine + s.width * s.k * static_cast<int64_t>(sizeof(Item));
  }

  static void begin(Size s, std::byte* lanes) { head(lanes) = {s.k, 0}; }

  static void add(const View& x, int64_t first, std::byte* lanes, int64_t /*next_tile*/) {
    const Heaps heaps(lanes, x.shape[1]);
    int64_t& seen = head(lanes).seen;
    const int64_t open = std::clamp<int64_t>(heaps.k - seen, 0, x.shape[0]);
    if (open > 0) fill(heaps, seen, x, open, first);
    seen += x.shape[0];
    if (x.shape[1] == 1 || std::abs(x.strides[0]) < std::abs(x.strides[1]))
      add_columns(heaps, x, open, first);
    else add_rows(heaps, x, open, first);
  }

  static void finish(Size s, std::byte* lanes, std::byte* state) {
    const Heaps heaps(lanes, s.width);
    const int64_t count = std::min(s.k, head(lanes).seen);
    head(state) = {s.k, count};
    for (int64_t j = 0; j < s.width; ++j) {
      std::sort(heaps.of(j), heaps.of(j) + count, comes_before<Order, T>);
      std::copy_n(heaps.of(j), count, best(state) + j * s.k);
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
  static constexpr int64_t kLine = 64;

  static int64_t bounds_bytes(int64_t width) {
    return (width * static_cast<int64_t>(sizeof(T)) + kLine - 1) / kLine * kLine;
  }
  static Head& head(std::byte* memory) { return *reinterpret_cast<Head*>(memory); }
  static const Head& head(const std::byte* memory) {
    return *reinterpret_cast<const Head*>(memory);
  }
  static Item* best(std::byte* state) { return reinterpret_cast<Item*>(state + kLine); }
  static const Item* best(const std::byte* state) {
    return reinterpret_cast<const Item*>(state + kLine);
  }

  struct Heaps {
    int64_t k;
    T* bound;  // the value on top of each heap
    Item* items;

    Heaps(std::byte* lanes, int64_t width)
        : k(head(lanes).k),
          bound(reinterpret_cast<T*>(lanes + kLine)),
          items(reinterpret_cast<Item*>(lanes + kLine + bounds_bytes(width))) {}

    Item* of(int64_t j) const { return items + j * k; }

    // Of the sample after all that were entered before.
    HWY_INLINE void enter(int64_t j, T value, int64_t index) const {
      if (Order::better(value, bound[j])) replace_top(j, {value, index});
    }

    void replace_top(int64_t j, Item item) const {
      Item* heap = of(j);
      int64_t at = 0;
      for (int64_t child = 1; child < k; child = 2 * at + 1) {
        if (child + 1 < k && comes_before<Order>(heap[child], heap[child + 1])) ++child;
        if (comes_before<Order>(heap[child], item)) break;
        heap[at] = heap[child];
        at = child;
      }
      heap[at] = item;
      bound[j] = heap[0].value;
    }
  };

  // The first k samples come in whatever they are.
  static void fill(const Heaps& heaps, int64_t seen, const View& x, int64_t count, int64_t first) {
    const int64_t filled = seen + count;
    for (int64_t j = 0; j < x.shape[1]; ++j) {
      const T* column = x.as<T>() + j * x.strides[1];
      Item* heap = heaps.of(j);
      for (int64_t i = 0; i < count; ++i) heap[seen + i] = {column[i * x.strides[0]], first + i};
      if (filled < heaps.k) continue;
      std::make_heap(heap, heap + filled, comes_before<Order, T>);
      heaps.bound[j] = heap[0].value;
    }
  }

  // False for a NaN.
  template <class V>
  HWY_INLINE static auto no_larger(V a, V b) {
    if constexpr (is_float_type<T>) return hn::Le(a, b);
    else return hn::Not(hn::Gt(a, b));
  }
  template <class V>
  HWY_INLINE static auto no_better(V x, V bound) {
    return std::is_same_v<Order, Largest> ? no_larger(x, bound) : no_larger(bound, x);
  }

  // Calls enter(i) for the elements x[i · stride] but for whole vectors of which none is better
  // than its bound. bounds(i): of the vector at i.
  template <class Bounds, class Enter>
  HWY_INLINE static void sieve(const T* x, int64_t stride, int64_t count, Bounds bounds,
                               Enter enter) {
    const hn::ScalableTag<T> d;
    const int64_t lanes = stride == 1 ? static_cast<int64_t>(hn::Lanes(d)) : count + 1;
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
      if (hn::AllTrue(d, no_better(hn::LoadU(d, x + i), bounds(i)))) continue;
      for (int64_t l = i; l < i + lanes; ++l) enter(l);
    }
    for (; i < count; ++i) enter(i);
  }

  static void add_rows(const Heaps& heaps, const View& x, int64_t begin, int64_t first) {
    const hn::ScalableTag<T> d;
    const int64_t width = x.shape[1], column = x.strides[1];
    for (int64_t i = begin; i < x.shape[0]; ++i) {
      const T* row = x.as<T>() + i * x.strides[0];
      sieve(
          row, column, width, [&](int64_t j) { return hn::LoadU(d, heaps.bound + j); },
          [&](int64_t j) { heaps.enter(j, row[j * column], first + i); });
    }
  }

  static void add_columns(const Heaps& heaps, const View& x, int64_t begin, int64_t first) {
    const hn::ScalableTag<T> d;
    const int64_t row = x.strides[0];
    for (int64_t j = 0; j < x.shape[1]; ++j) {
      const T* column = x.as<T>() + begin * row + j * x.strides[1];
      sieve(
          column, row, x.shape[0] - begin, [&](int64_t) { return hn::Set(d, heaps.bound[j]); },
          [&](int64_t i) { heaps.enter(j, column[i * row], first + begin + i); });
    }
  }

  // The first `count` of both, both in order, into `earlier`: from the back, where there is room.
  static void merge_lists(Item* earlier, int64_t a, const Item* later, int64_t b, int64_t count) {
    int64_t i = 0, j = 0;
    while (i + j < count)
      if (j == b || (i < a && comes_before<Order>(earlier[i], later[j]))) ++i;
      else ++j;
    while (j > 0)
      if (i > 0 && comes_before<Order>(later[j - 1], earlier[i - 1])) {
        earlier[i + j - 1] = earlier[i - 1];
        --i;
      } else {
        earlier[i + j - 1] = later[j - 1];
        --j;
      }
  }

  template <class Result>
  static void spread(Size s, const std::byte* state, Result Item::*part, Result* out) {
    for (int64_t j = 0; j < s.width; ++j)
      for (int64_t i = 0; i < s.k; ++i)
        out[(j / s.inner * s.k + i) * s.inner + j % s.inner] = best(state)[j * s.k + i].*part;
  }
};

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
