// The tables of a target: its blocks by rows and vectors, and its packing. No include guard of the
// usual kind: the file is compiled once a target.
#if defined(LANEWISE_MATMUL_BLOCK_FAMILIES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_MATMUL_BLOCK_FAMILIES_INL_H
#undef LANEWISE_MATMUL_BLOCK_FAMILIES_INL_H
#else
#define LANEWISE_MATMUL_BLOCK_FAMILIES_INL_H
#endif

#include <utility>

#include "hwy/highway.h"
#include "kernels/matmul/column_block-inl.h"
#include "kernels/transpose/transpose.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

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
