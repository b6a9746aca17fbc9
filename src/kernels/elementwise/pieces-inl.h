// Odd functions of float32 vectors in 4 pieces, a polynomial on each, whose coefficients are looked
// up among four lanes of a register.
//
//   s = scale |x| + 1 grows 16-fold; the last two bits of its exponent number the piece, where
//   u = |x| - middle is exact and f = c0 + c1 u + c2 u² + ...
//
// Faster than a formula with an exponential and a division, and than more pieces of lower degree:
// among eight lanes a look-up takes twice as long. The coefficients: tools/minimax.py.
#if defined(LANEWISE_ELEMENTWISE_PIECES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_ELEMENTWISE_PIECES_INL_H
#undef LANEWISE_ELEMENTWISE_PIECES_INL_H
#else
#define LANEWISE_ELEMENTWISE_PIECES_INL_H
#endif

#include <type_traits>

#include "kernels/elementwise/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE::vmath {

constexpr int kPieces = 4;

// table[index], of which the last two bits count.
template <class V, class Bits>
HWY_INLINE V lookup(const float (&table)[kPieces], Bits index, V /*like*/) {
  constexpr hn::DFromV<V> d;
#if LANEWISE_PORTABLE || !HWY_ARCH_X86
  const auto inside = hn::And(index, hn::Set(hn::DFromV<Bits>(), kPieces - 1));
  return hn::GatherIndex(d, table, hn::BitCast(hn::RebindToSigned<hn::DFromV<V>>(), inside));
#elif HWY_TARGET <= HWY_AVX3
  return V{_mm512_permutevar_ps(hn::LoadDup128(d, table).raw, index.raw)};
#else
  return V{_mm256_permutevar_ps(hn::LoadDup128(d, table).raw, index.raw)};
#endif
}

// Table: the function's. has_one_apart: the coefficients c1 lack one, as suits a function whose
// slope at zero lies between two numbers of float32.
template <class Table, class V>
HWY_INLINE V odd_in_pieces(V x) {
  constexpr int kDegree = std::extent_v<decltype(Table::terms)> - 1;
  const V t = at_most(hn::Abs(x), Table::highest);
  const V s = fused(t, all(x, Table::scale), all(x, 1));
  const auto index = hn::ShiftRight<23>(hn::BitCast(BitsTag<V>(), s));
  const V u = hn::Sub(t, lookup(Table::middle, index, x));
  V slope = lookup(Table::terms[kDegree], index, x);
#pragma GCC unroll 16
  for (int i = kDegree - 1; i >= 1; --i) slope = fused(slope, u, lookup(Table::terms[i], index, x));
  V y = lookup(Table::terms[0], index, x);
  if constexpr (Table::has_one_apart) y = hn::Add(y, u);
  y = fused(slope, u, y);
  return hn::CopySign(y, x);
}

}  // namespace lanewise::kernels::HWY_NAMESPACE::vmath
HWY_AFTER_NAMESPACE();

#endif
