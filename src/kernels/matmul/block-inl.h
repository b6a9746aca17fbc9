// The blocks of one target, see blocks.h. No include guard of the usual kind: the
// file is compiled once a target.
#if defined(LANEWISE_MATMUL_BLOCK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_MATMUL_BLOCK_INL_H
#undef LANEWISE_MATMUL_BLOCK_INL_H
#else
#define LANEWISE_MATMUL_BLOCK_INL_H
#endif

#include <algorithm>
#include <type_traits>

#include "hwy/highway.h"
#include "kernels/fused-inl.h"
#include "kernels/matmul/blocks.h"

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

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
