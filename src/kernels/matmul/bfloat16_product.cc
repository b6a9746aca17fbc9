#include "kernels/matmul/bfloat16_product.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/bfloat16_product.cc"
#include "kernels/simd.h"
// The order of these matters.
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/matmul/block-inl.h"

#ifndef LANEWISE_BFLOAT16_PRODUCT_ONCE
#define LANEWISE_BFLOAT16_PRODUCT_ONCE

namespace lanewise::kernels {

struct RowArgs {
  int64_t k;
  const float* a;
  int64_t a_k;
  const uint32_t* b;
  int64_t panel;  // words from one panel to the next
  float* c;
  int64_t columns;    // of C that exist, at most those of the panels
  const float* bias;  // as many as the panels have columns, or nullptr
  const float* least;
};

// Panels that are passed side by side, to have enough chains at once.
inline constexpr int kPanelsOfRow = kChains / 2;

struct RowKernels {
  int64_t lanes;
  void (*row[kPanelsOfRow + 1])(const RowArgs&);  // by the number of panels
};

}  // namespace lanewise::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {

template <int Panels>
HWY_NOINLINE void row_by_bfloat16(const RowArgs& g) {
  constexpr WidestTag<float> d;
  constexpr hn::RebindToUnsigned<WidestTag<float>> words;
  using V = hn::Vec<WidestTag<float>>;
  constexpr int NV = 2 * Panels;
  constexpr auto N = static_cast<int64_t>(hn::MaxLanes(d));
  const auto upper = hn::Set(words, 0xFFFF0000);
  const float* a = g.a;
  const uint32_t* b = g.b;
  const int64_t a_k = g.a_k, panel = g.panel;
  V c[NV];
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) c[v] = hn::Zero(d);
  for (int64_t p = g.k; p > 0; --p) {
    const V x = hn::Set(d, *a);
#pragma GCC unroll 4
    for (int j = 0; j < Panels; ++j) {
      const auto two = hn::LoadU(words, b + j * panel);
      c[2 * j] = fused(x, hn::BitCast(d, hn::ShiftLeft<16>(two)), c[2 * j]);
      c[2 * j + 1] = fused(x, hn::BitCast(d, hn::And(two, upper)), c[2 * j + 1]);
    }
    a += a_k;
    b += N;
  }
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) {
    if (g.bias) c[v] = hn::Add(c[v], hn::LoadU(d, g.bias + v * N));
    if (g.least) c[v] = at_least(d, c[v], *g.least);
    const int64_t left = std::clamp<int64_t>(g.columns - v * N, 0, N);
    if (left == N) hn::StoreU(c[v], d, g.c + v * N);
    else hn::BlendedStore(c[v], hn::FirstN(d, static_cast<size_t>(left)), d, g.c + v * N);
  }
}

RowKernels row_kernels() {
  return {static_cast<int64_t>(hn::MaxLanes(WidestTag<float>())),
          {nullptr, &row_by_bfloat16<1>, &row_by_bfloat16<2>, &row_by_bfloat16<3>,
           &row_by_bfloat16<4>}};
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <bit>

#include "base/bfloat16.h"
#include "base/thread_pool.h"

namespace lanewise::kernels {

HWY_EXPORT(row_kernels);

namespace fast {
namespace {

const RowKernels& kernels() {
  static const RowKernels chosen = HWY_DYNAMIC_DISPATCH(row_kernels)();
  return chosen;
}

int64_t panels_of(int64_t n) {
  const int64_t columns = 2 * kernels().lanes;
  return (n + columns - 1) / columns;
}

}  // namespace

bool holds_bfloat16(const View& b) {
  for (int64_t p = 0; p < b.shape[0]; ++p)
    for (int64_t j = 0; j < b.shape[1]; ++j)
      if (!is_bfloat16(b.as<float>()[p * b.strides[0] + j * b.strides[1]])) return false;
  return true;
}

int64_t bfloat16_panel_bytes(int64_t k, int64_t n) {
  return panels_of(n) * k * kernels().lanes * static_cast<int64_t>(sizeof(uint32_t));
}

void pack_bfloat16_panels(const View& b, std::byte* panels) {
  const int64_t k = b.shape[0], n = b.shape[1], lanes = kernels().lanes;
  const auto bits = [&](int64_t p, int64_t j) {
    return j < n ? std::bit_cast<uint32_t>(b.as<float>()[p * b.strides[0] + j * b.strides[1]]) : 0;
  };
  auto* word = reinterpret_cast<uint32_t*>(panels);
  for (int64_t panel = 0; panel < n; panel += 2 * lanes)
    for (int64_t p = 0; p < k; ++p)
      for (int64_t j = panel; j < panel + lanes; ++j)
        *word++ = bits(p, j) >> 16 | bits(p, j + lanes);
}

void multiply_bfloat16_panels(const View& a, const std::byte* panels, const Epilogue& epilogue,
                              const View& out) {
  const int64_t k = a.shape[1], n = out.shape[1], columns = 2 * kernels().lanes;
  const auto* bias = reinterpret_cast<const float*>(epilogue.bias);
  const int64_t grain =
      std::max<int64_t>(1, kSharedMultiplyAdds / (columns * std::max<int64_t>(1, k)));
  parallel_for(panels_of(n), grain, [&](int64_t begin, int64_t end) {
    RowArgs args{};
    args.k = k;
    args.a = a.as<float>();
    args.a_k = a.strides[1];
    args.panel = k * kernels().lanes;
    args.least = reinterpret_cast<const float*>(epilogue.least);
    for (int64_t panel = begin; panel < end; panel += kPanelsOfRow) {
      const int64_t count = std::min<int64_t>(kPanelsOfRow, end - panel), first = panel * columns;
      args.b = reinterpret_cast<const uint32_t*>(panels) + panel * args.panel;
      args.c = out.as<float>() + first;
      args.columns = std::min(count * columns, n - first);
      args.bias = bias ? bias + first : nullptr;
      kernels().row[count](args);
    }
  });
}

}  // namespace fast
}  // namespace lanewise::kernels
#endif  // HWY_ONCE
