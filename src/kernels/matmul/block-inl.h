// The blocks of one target, see blocks.h. No include guard of the usual kind: the
// file is compiled once a target.
#if defined(LANEWISE_MATMUL_BLOCK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_MATMUL_BLOCK_INL_H
#undef LANEWISE_MATMUL_BLOCK_INL_H
#else
#define LANEWISE_MATMUL_BLOCK_INL_H
#endif

#include <algorithm>
#include <utility>

#include "hwy/highway.h"
#include "kernels/fused-inl.h"
#include "kernels/matmul/blocks.h"
#include "kernels/transpose/transpose.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// maximum(x, least), which keeps a NaN: as Maximum of the elementwise operators.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V at_least(D d, V x, hn::TFromD<D> least) {
  const V bound = hn::Set(d, least);
  return hn::IfThenElse(hn::Or(hn::Gt(x, bound), hn::IsNaN(x)), x, bound);
}

// Every two steps of k of a block: as many lines as its rows have then taken in.
template <class T, int MR>
HWY_INLINE void fetch_lines(const std::byte* from) {
  constexpr int kLine = 64;
  constexpr int kLines = (2 * MR * static_cast<int>(sizeof(T)) + kLine - 1) / kLine;
#pragma GCC unroll 4
  for (int i = 0; i < kLines; ++i) __builtin_prefetch(from + i * kLine, 0, 3);
}

// Panels: how many that have NV / Panels vectors each.
template <class D, int MR, int NV, int Panels = 1, class T = hn::TFromD<D>>
HWY_NOINLINE void block(const BlockArgs<T>& g) {
  using V = hn::Vec<D>;
  constexpr D d;
  constexpr int64_t N = static_cast<int64_t>(hn::MaxLanes(d));
  // Every third row has a pointer of its own; the other two are one and two strides further,
  // which x86 addresses without a register each.
  constexpr int kBases = (MR + 2) / 3;
  const T* base[kBases];
  for (int i = 0; i < kBases; ++i) base[i] = g.a + 3 * i * g.a_m;
  const int64_t a_m = g.a_m, a_k = g.a_k, b_k = g.b_k;
  const T* b = g.b;
  constexpr int kPanelVectors = NV / Panels;
  const int64_t panel = g.panel;

  V c[MR][NV];
  const bool whole = g.columns == NV * N;
  if (!g.accumulate) {
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) c[i][j] = hn::Zero(d);
    }
  } else {
    // Those of the rows that follow will be wanted as soon as this block is done.
    for (int i = MR; i < 2 * MR; ++i)
      for (int j = 0; j < NV; ++j) __builtin_prefetch(g.c + i * g.c_m + j * N, 1, 3);
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) {
        const T* from = g.c + i * g.c_m + j * N;
        const int64_t left = g.columns - j * N;
        c[i][j] = whole ? hn::LoadU(d, from)
                        : hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(left < 0 ? 0 : left)), d,
                                         from);
      }
    }
  }

  const auto step = [&]() HWY_ATTR {
    V row[NV];
#pragma GCC unroll 8
    for (int j = 0; j < NV; ++j)
      row[j] = hn::LoadU(d, b + j / kPanelVectors * panel + j % kPanelVectors * N);
    b += b_k;
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
      const V a = hn::Set(d, base[i / 3][(i % 3) * a_m]);
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) c[i][j] = fused(a, row[j], c[i][j]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kBases; ++i) base[i] += a_k;
  };
  const std::byte* fetch = g.fetch;
  const int64_t fetch_step = g.fetch_step;
  int64_t p = g.k;
  for (; p >= 2; p -= 2) {
    fetch_lines<T, MR>(fetch);
    fetch += fetch_step;
    step();
    step();
  }
  if (p > 0) step();
  if (g.bias) {
    V row[NV];
#pragma GCC unroll 8
    for (int j = 0; j < NV; ++j) row[j] = hn::LoadU(d, g.bias + j * N);
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) c[i][j] = hn::Add(c[i][j], row[j]);
    }
  }
  if (g.least) {
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) c[i][j] = at_least(d, c[i][j], *g.least);
    }
  }

  if (whole) {
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) hn::StoreU(c[i][j], d, g.c + i * g.c_m + j * N);
    }
  } else {
    // A store under a mask is slow on some processors. Where rows lie one after the other, a whole
    // one spills onto rows of this block that are stored after it.
    const int64_t room = g.c_m == g.columns ? MR * g.columns - NV * N : -1;
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
      if (i * g.columns <= room) {
#pragma GCC unroll 8
        for (int j = 0; j < NV; ++j) hn::StoreU(c[i][j], d, g.c + i * g.c_m + j * N);
        continue;
      }
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) {
        const int64_t left = g.columns - j * N;
        hn::BlendedStore(c[i][j], hn::FirstN(d, static_cast<size_t>(left < 0 ? 0 : left)), d,
                         g.c + i * g.c_m + j * N);
      }
    }
  }
}

template <class D, int K, int NV, class T = hn::TFromD<D>>
HWY_NOINLINE void short_block(const BlockArgs<T>& g, int64_t rows) {
  using V = hn::Vec<D>;
  constexpr D d;
  constexpr int64_t N = static_cast<int64_t>(hn::MaxLanes(d));
  V b[K][NV], bias[NV];
#pragma GCC unroll 4
  for (int j = 0; j < NV; ++j) {
#pragma GCC unroll 4
    for (int p = 0; p < K; ++p) b[p][j] = hn::LoadU(d, g.b + p * g.b_k + j * N);
    bias[j] = g.bias ? hn::LoadU(d, g.bias + j * N) : hn::Zero(d);
  }
  // Stores might change what g has, for all that the compiler knows.
  const T* a = g.a;
  T* c = g.c;
  const int64_t a_m = g.a_m, a_k = g.a_k, c_m = g.c_m, columns = g.columns;
  const bool biased = g.bias, bounded = g.least;
  const T least = bounded ? *g.least : T{0};
  const auto row = [&](auto store) HWY_ATTR {
    V sum[NV];
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) sum[j] = hn::Zero(d);
#pragma GCC unroll 4
    for (int p = 0; p < K; ++p) {
      const V x = hn::Set(d, a[p * a_k]);
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) sum[j] = fused(x, b[p][j], sum[j]);
    }
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      if (biased) sum[j] = hn::Add(sum[j], bias[j]);
      if (bounded) sum[j] = at_least(d, sum[j], least);
      store(sum[j], c + j * N, j * N);
    }
    a += a_m;
    c += c_m;
  };
  // Whole vectors may spill onto rows that are stored after them, as those of a block.
  const bool whole = columns == NV * N;
  const int64_t room = c_m == columns ? rows - (NV * N + columns - 1) / columns + 1 : 0;
  const int64_t spilled = whole ? rows : std::max<int64_t>(room, 0);
  int64_t i = 0;
  for (; i < spilled; ++i) row([](V x, T* to, int64_t) HWY_ATTR { hn::StoreU(x, D(), to); });
  for (; i < rows; ++i)
    row([&](V x, T* to, int64_t j) HWY_ATTR {
      const auto left = static_cast<size_t>(std::max<int64_t>(columns - j, 0));
      hn::BlendedStore(x, hn::FirstN(D(), left), D(), to);
    });
}

// Few rows of C, all columns, and at most kStreams rows of B.
template <class D, int MR, class T = hn::TFromD<D>>
HWY_NOINLINE void thin_block(const BlockArgs<T>& g) {
  using V = hn::Vec<D>;
  constexpr D d;
  constexpr int64_t N = static_cast<int64_t>(hn::MaxLanes(d));
  T a[kStreams][MR];
  for (int64_t p = 0; p < g.k; ++p)
    for (int64_t i = 0; i < MR; ++i) a[p][i] = g.a[i * g.a_m + p * g.a_k];
  const T* const b = g.b;
  T* const to = g.c;
  const bool accumulate = g.accumulate;
  const int64_t b_k = g.b_k, c_m = g.c_m, k = g.k;
  const auto columns = [&]<bool all_rows>(std::bool_constant<all_rows>, int64_t j, auto load,
                                          auto store) HWY_ATTR {
    V c[MR];
#pragma GCC unroll 8
    for (int i = 0; i < MR; ++i) c[i] = accumulate ? load(to + i * c_m + j) : hn::Zero(d);
    const auto add = [&](int64_t p) HWY_ATTR {
      const V row = load(b + p * b_k + j);
#pragma GCC unroll 8
      for (int i = 0; i < MR; ++i) c[i] = fused(hn::Set(d, a[p][i]), row, c[i]);
    };
    if constexpr (all_rows) {
#pragma GCC unroll 8
      for (int p = 0; p < kStreams; ++p) add(p);
    } else {
      for (int64_t p = 0; p < k; ++p) add(p);
    }
#pragma GCC unroll 8
    for (int i = 0; i < MR; ++i) store(c[i], to + i * c_m + j);
  };
  const auto load = [](const T* from) HWY_ATTR { return hn::LoadU(D(), from); };
  const auto store = [](V x, T* c) HWY_ATTR { hn::StoreU(x, D(), c); };
  const int64_t whole = g.columns / N * N;
  if (k == kStreams) {
    for (int64_t j = 0; j < whole; j += N) columns(std::true_type(), j, load, store);
  } else {
    for (int64_t j = 0; j < whole; j += N) columns(std::false_type(), j, load, store);
  }
  if (whole == g.columns) return;
  const auto rest = hn::FirstN(d, static_cast<size_t>(g.columns - whole));
  columns(
      std::false_type(), whole,
      [&](const T* from) HWY_ATTR { return hn::MaskedLoad(rest, D(), from); },
      [&](V x, T* c) HWY_ATTR { hn::BlendedStore(x, rest, D(), c); });
}

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

template <class D, int NV, class T, int... I>
void list_blocks(BlockFamily<T>* family, std::integer_sequence<int, I...>) {
  family->max_rows[NV] = sizeof...(I);
  ((family->block[NV][I + 1] = &block<D, I + 1, NV>), ...);
}

template <class D, int NV, class T, int... I>
void list_short_blocks(BlockFamily<T>* family, std::integer_sequence<int, I...>) {
  ((family->short_block[NV][I + 1] = &short_block<D, I + 1, NV>), ...);
}

template <class D, int Rows, int NV, class T>
void add_side_by_side(BlockFamily<T>* family) {
  constexpr int kPanels = kChains / (Rows * NV);
  if constexpr (kPanels > 1) {
    family->panels[NV][Rows] = kPanels;
    family->side_by_side[NV][Rows] = &block<D, Rows, NV * kPanels, kPanels>;
  }
}

template <class D, int NV, int Rows, class T>
void add_blocks(BlockFamily<T>* family) {
  list_blocks<D, NV>(family, std::make_integer_sequence<int, Rows>());
  list_short_blocks<D, NV>(family, std::make_integer_sequence<int, kShort>());
  if constexpr (NV > 1) {
    add_side_by_side<D, 1, NV>(family);
    add_side_by_side<D, 2, NV>(family);
  }
}

// Rows: the largest MR with 1, 2, … vectors.
template <class D, int Vectors, int... Rows, class T = hn::TFromD<D>>
BlockFamily<T> block_family() {
  BlockFamily<T> family{};
  family.lanes = static_cast<int>(hn::MaxLanes(D()));
  family.max_vectors = sizeof...(Rows);
  family.vectors = Vectors;
  [&]<int... I>(std::integer_sequence<int, I...>) { (add_blocks<D, I + 1, Rows>(&family), ...); }
  (std::make_integer_sequence<int, sizeof...(Rows)>());
  return family;
}

// The accumulators, a row of B and an element of A must fit the registers: 32 with
// AVX-512 and NEON, 16 with AVX2.
template <class T>
BlockFamily<T> wide_blocks() {
#if LANEWISE_PORTABLE
  return block_family<hn::CappedTag<T, 1>, 1, 4>();
#elif HWY_TARGET == HWY_AVX2
  return block_family<hn::ScalableTag<T>, 2, 12, 6, 3, 2>();
#else
  return block_family<hn::ScalableTag<T>, 4, 12, 12, 8, 6>();
#endif
}

template <class T>
BlockFamily<T> narrow_blocks() {
#if LANEWISE_PORTABLE
  return wide_blocks<T>();
#else
  return block_family<hn::CappedTag<T, 4>, 1, 12>();
#endif
}

template <class T>
BlockFamily<T> single_blocks() {
#if LANEWISE_PORTABLE
  return wide_blocks<T>();
#else
  BlockFamily<T> family = block_family<hn::CappedTag<T, 1>, 1, kColumnRows>();
  family.block[1][kColumnRows] = &column_block<T>;
  return family;
#endif
}

template <class T>
void pack_panel(const T* b, int64_t b_k, int64_t b_n, int64_t k, int64_t columns, int64_t width,
                T* panel) {
  constexpr WidestTag<T> d;
  constexpr auto N = static_cast<int64_t>(hn::MaxLanes(d));
  if (b_n == 1 && columns == width && width % N == 0) {
    for (int64_t p = 0; p < k; ++p)
      for (int64_t j = 0; j < width; j += N)
        hn::StoreU(hn::LoadU(d, b + p * b_k + j), d, panel + p * width + j);
    return;
  }
  if (b_n == 1) {
    for (int64_t p = 0; p < k; ++p) {
      const T* from = b + p * b_k;
      T* to = panel + p * width;
      for (int64_t j = 0; j < columns; ++j) to[j] = from[j];
      for (int64_t j = columns; j < width; ++j) to[j] = T{0};
    }
    return;
  }
  if (b_k == 1) {
    fast::transpose(sizeof(T), reinterpret_cast<const std::byte*>(b), b_n,
                    reinterpret_cast<std::byte*>(panel), width, k, columns);
  } else {
    // Each column is read in one stream; the panel stays in cache.
    for (int64_t j = 0; j < columns; ++j)
      for (int64_t p = 0; p < k; ++p) panel[p * width + j] = b[j * b_n + p * b_k];
  }
  for (int64_t p = 0; p < k; ++p) {
    for (int64_t j = columns; j < width; ++j) panel[p * width + j] = T{0};
  }
}

template <class T>
MatmulKernels<T> make_matmul_kernels() {
  MatmulKernels<T> kernels{
      wide_blocks<T>(), narrow_blocks<T>(), single_blocks<T>(), {}, &pack_panel<T>};
  [&]<int... I>(std::integer_sequence<int, I...>) {
    ((kernels.thin[I + 1] = &thin_block<WidestTag<T>, I + 1>), ...);
  }
  (std::make_integer_sequence<int, kThin>());
  return kernels;
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
