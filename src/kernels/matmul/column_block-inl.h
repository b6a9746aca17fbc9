// Blocks of one column of C, see blocks.h. No include guard of the usual
// kind: the file is compiled once a target.
#if defined(LANEWISE_MATMUL_COLUMN_BLOCK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_MATMUL_COLUMN_BLOCK_INL_H
#undef LANEWISE_MATMUL_COLUMN_BLOCK_INL_H
#else
#define LANEWISE_MATMUL_COLUMN_BLOCK_INL_H
#endif

#include "hwy/highway.h"
#include "kernels/matmul/block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// One column of C, kColumnRows rows, a vector of them at a time.
inline constexpr int kColumnRows = 16;

#if !LANEWISE_PORTABLE
// A vector holds element p of rows 0, 1, … : turned[p] = (rows[0][p], rows[1][p], …). The rows
// come in halves: rows[i] is 16 bytes of row i, then 16 bytes of row i + the number of rows.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void turn(D d, const V (&rows)[4], V (&turned)[4]) {
  const hn::RepartitionToWide<D> pairs;
  const auto a = hn::BitCast(pairs, hn::InterleaveLower(d, rows[0], rows[1]));
  const auto b = hn::BitCast(pairs, hn::InterleaveLower(d, rows[2], rows[3]));
  const auto c = hn::BitCast(pairs, hn::InterleaveUpper(d, rows[0], rows[1]));
  const auto e = hn::BitCast(pairs, hn::InterleaveUpper(d, rows[2], rows[3]));
  turned[0] = hn::BitCast(d, hn::InterleaveLower(pairs, a, b));
  turned[1] = hn::BitCast(d, hn::InterleaveUpper(pairs, a, b));
  turned[2] = hn::BitCast(d, hn::InterleaveLower(pairs, c, e));
  turned[3] = hn::BitCast(d, hn::InterleaveUpper(pairs, c, e));
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE void turn(D d, const V (&rows)[2], V (&turned)[2]) {
  turned[0] = hn::InterleaveLower(d, rows[0], rows[1]);
  turned[1] = hn::InterleaveUpper(d, rows[0], rows[1]);
}

// A column of C as vectors; where its rows are apart, it is copied here and back.
template <class T>
struct ColumnOfC {
  static constexpr int kLanes = 32 / sizeof(T), kVectors = kColumnRows / kLanes;
  using D = hn::FixedTag<T, kLanes>;
  using V = hn::Vec<D>;

  static HWY_INLINE void begin(const BlockArgs<T>& g, T* rows, V (&c)[kVectors]) {
    if (g.accumulate && rows != g.c)
      for (int i = 0; i < kColumnRows; ++i) rows[i] = g.c[i * g.c_m];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v)
      c[v] = g.accumulate ? hn::LoadU(D(), rows + v * kLanes) : hn::Zero(D());
  }
  static HWY_INLINE void end(const BlockArgs<T>& g, V (&c)[kVectors], T* rows) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      if (g.bias) c[v] = hn::Add(c[v], hn::Set(D(), g.bias[0]));
      if (g.least) c[v] = at_least(D(), c[v], *g.least);
      hn::StoreU(c[v], D(), rows + v * kLanes);
    }
    if (rows != g.c)
      for (int i = 0; i < kColumnRows; ++i) g.c[i * g.c_m] = rows[i];
  }
};

// Of an A whose rows have their elements side by side: squares of them are turned in registers.
template <class T>
HWY_NOINLINE void turning_column_block(const BlockArgs<T>& g) {
  using C = ColumnOfC<T>;
  constexpr int kLanes = C::kLanes, kSquare = kLanes / 2, kVectors = C::kVectors;
  constexpr typename C::D d;
  constexpr hn::FixedTag<T, kSquare> half;
  using V = typename C::V;
  alignas(32) T copy[kColumnRows];
  T* const column = g.c_m == 1 ? g.c : copy;
  V c[kVectors];
  C::begin(g, column, c);
  const int64_t a_m = g.a_m, b_k = g.b_k;
  const T* rows_of[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) rows_of[v] = g.a + v * kLanes * a_m;
  const T* b = g.b;
  const std::byte* fetch = g.fetch;
  const int64_t fetch_step = g.fetch_step;
  // The next kSquare elements of the rows, but for the first that are `skipped`.
  const auto add_square = [&](int64_t skipped) HWY_ATTR {
#pragma GCC unroll 2
    for (int i = 0; i < kSquare / 2; ++i, fetch += fetch_step) fetch_lines<T, kColumnRows>(fetch);
    V factor[kSquare];
#pragma GCC unroll 4
    for (int i = 0; i < kSquare; ++i) factor[i] = hn::Set(d, b[i * b_k]);
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const T* const a = rows_of[v];
      V rows[kSquare], turned[kSquare];
#pragma GCC unroll 4
      for (int i = 0; i < kSquare; ++i)
        rows[i] =
            hn::Combine(d, hn::LoadU(half, a + (i + kSquare) * a_m), hn::LoadU(half, a + i * a_m));
      rows_of[v] += kSquare;
      turn(d, rows, turned);
#pragma GCC unroll 4
      for (int i = 0; i < kSquare; ++i)
        if (i >= skipped) c[v] = fused(turned[i], factor[i], c[v]);
    }
    b += kSquare * b_k;
  };
  int64_t left = g.k;
  for (; left >= kSquare; left -= kSquare) add_square(0);
  if (left > 0 && g.k >= kSquare) {
    const int64_t back = kSquare - left;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) rows_of[v] -= back;
    b -= back * b_k;
    add_square(back);
    left = 0;
  }
  for (; left > 0; --left, b += b_k) {
    alignas(32) T rows[kColumnRows];
    for (int i = 0; i < kColumnRows; ++i) rows[i] = g.a[i * a_m + g.k - left];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v)
      c[v] = fused(hn::Load(d, rows + v * kLanes), hn::Set(d, *b), c[v]);
  }
  C::end(g, c, column);
}

// Of an A whose columns have their elements side by side.
template <class T>
HWY_NOINLINE void straight_column_block(const BlockArgs<T>& g) {
  using C = ColumnOfC<T>;
  constexpr typename C::D d;
  alignas(32) T copy[kColumnRows];
  T* const column = g.c_m == 1 ? g.c : copy;
  typename C::V c[C::kVectors];
  C::begin(g, column, c);
  const std::byte* fetch = g.fetch;
  for (int64_t p = 0; p < g.k; ++p) {
    if (p % 2 == 1) {
      fetch_lines<T, kColumnRows>(fetch);
      fetch += g.fetch_step;
    }
#pragma GCC unroll 4
    for (int v = 0; v < C::kVectors; ++v)
      c[v] = fused(hn::LoadU(d, g.a + p * g.a_k + v * C::kLanes), hn::Set(d, g.b[p * g.b_k]), c[v]);
  }
  C::end(g, c, column);
}

template <class T>
void column_block(const BlockArgs<T>& g) {
  if (g.a_k == 1) turning_column_block(g);
  else if (g.a_m == 1) straight_column_block(g);
  else block<hn::CappedTag<T, 1>, kColumnRows, 1>(g);
}
#endif

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
