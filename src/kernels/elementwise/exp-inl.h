// exp, expm1 and sigmoid of vectors.
//
//   x = n ln 2 + r, |r| <= ln 2 / 2        exp(x) = 2^n (1 + r + r²/2 + r³ P(r))
//
// n comes out of an addition that rounds, so its bits are at hand to build 2^n. P:
// tools/minimax.py.
#if defined(LANEWISE_ELEMENTWISE_EXP_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_ELEMENTWISE_EXP_INL_H
#undef LANEWISE_ELEMENTWISE_EXP_INL_H
#else
#define LANEWISE_ELEMENTWISE_EXP_INL_H
#endif

#include "kernels/elementwise/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE::vmath {

template <class T>
struct ExpTerms;
template <>
struct ExpTerms<float> {
  static constexpr float log2_e = 1.442695f, ln2_high = 0.6931472f, ln2_low = -1.9046542e-09f;
  // Beyond these exp is 0 and infinity, and below expm1_lowest expm1 is -1.
  static constexpr float lowest = -104, highest = 89, expm1_lowest = -20;
  // Two factors 2^(n ± split) 2^∓split stay in range where 2^n would not.
  static constexpr int split = 64;
  static constexpr float up = 0x1p64f, down = 0x1p-64f;
  static constexpr float tiny = 0x1p-30f;  // expm1(x) = x
  static constexpr float tail[] = {0.16666666f, 0.04166648f, 0.008333419f, 0.001393325f,
                                   0.00019824017f};
};
template <>
struct ExpTerms<double> {
  static constexpr double log2_e = 1.4426950408889634, ln2_high = 0.6931471805599453,
                          ln2_low = 2.3190468138462996e-17;
  static constexpr double lowest = -746, highest = 710, expm1_lowest = -40;
  static constexpr int split = 512;
  static constexpr double up = 0x1p512, down = 0x1p-512;
  static constexpr double tiny = 0x1p-60;
  static constexpr double tail[] = {
      0.16666666666666602,   0.04166666666662,      0.008333333333388461,
      0.0013888888920498357, 0.0001984126970912767, 2.4801516363529692e-05,
      2.755742530978965e-06, 2.762222008190084e-07, 2.504581435528184e-08};
};

// x as above, with scale = 2^(n + shift); high is r before its last, inexact step.
template <class V>
struct ExpParts {
  V n, high, r, scale;
};

// What is added to x log2(e): it rounds, and adds the exponent's bias and `shift` to n.
template <class T>
constexpr T exp_rounder(int shift) {
  return Format<T>::round + static_cast<T>(Format<T>::bias + shift);
}

template <class V>
HWY_INLINE ExpParts<V> exp_parts(V x, V rounder) {
  using T = Lane<V>;
  using Terms = ExpTerms<T>;
  const V sum = fused(x, all(x, Terms::log2_e), rounder);
  const V n = hn::Sub(sum, rounder);
  const V high = fused(n, all(x, -Terms::ln2_high), x);
  const V r = fused(n, all(x, -Terms::ln2_low), high);
  const auto bits = hn::BitCast(BitsTag<V>(), sum);
  return {n, high, r, hn::BitCast(hn::DFromV<V>(), hn::ShiftLeft<Format<T>::mantissa>(bits))};
}

// low + r²/2 + r³ P(r)
template <class V>
HWY_INLINE V exp_tail(V r, V low) {
  const V factor = fused(polynomial(r, ExpTerms<Lane<V>>::tail), r, all(r, Lane<V>(0.5)));
  return fused(hn::Mul(r, r), factor, low);
}

// For use inside other functions: within 1.1 ULP.
template <class V>
HWY_INLINE V exp_of(const ExpParts<V>& p) {
  return hn::Mul(hn::Add(all(p.r, 1), exp_tail(p.r, p.r)), p.scale);
}

// exp(x) where neither it nor 2^n leaves the normal numbers.
template <class V>
HWY_INLINE V exp_normal(V x) {
  return exp_of(exp_parts(x, all(x, exp_rounder<Lane<V>>(0))));
}

// exp(x) for x <= 0.
template <class V>
HWY_INLINE V exp_not_above_zero(V x) {
  using Terms = ExpTerms<Lane<V>>;
  const V rounder = all(x, exp_rounder<Lane<V>>(Terms::split));
  return hn::Mul(exp_of(exp_parts(at_least(x, Terms::lowest), rounder)), all(x, Terms::down));
}

// Adding r in its two parts saves a rounding, which is what keeps the error below 1 ULP.
template <class V>
HWY_INLINE V exp(V x) {
  using T = Lane<V>;
  using Terms = ExpTerms<T>;
  x = at_least(at_most(x, Terms::highest), Terms::lowest);
  const V up = all(x, exp_rounder<T>(Terms::split)), down = all(x, exp_rounder<T>(-Terms::split));
  const ExpParts<V> p = exp_parts(x, hn::IfNegativeThenElse(x, up, down));
  const V rest = hn::IfNegativeThenElse(x, all(x, Terms::down), all(x, Terms::up));
  const V tail = exp_tail(p.r, hn::Mul(p.n, all(x, -Terms::ln2_low)));
  const V y = hn::Add(all(x, 1), hn::Add(p.high, tail));
  return hn::Mul(hn::Mul(y, p.scale), rest);
}

// 2^n (1 + r + tail) - 1, where the largest two terms are added without loss; at half the size,
// since 2^n may be twice the largest number.
template <class V>
HWY_INLINE V expm1(V x) {
  using T = Lane<V>;
  using Terms = ExpTerms<T>;
  const V half = all(x, T(0.5));
  const V inside = at_least(at_most(x, Terms::highest), Terms::expm1_lowest);
  const ExpParts<V> p = exp_parts(inside, all(x, exp_rounder<T>(-1)));
  const V r_low = fused(p.n, all(x, -Terms::ln2_low), hn::Sub(p.high, p.r));
  // (1 + r) r_low + r²/2 + r³ P(r)
  const V square = hn::Mul(p.r, p.r);
  const V squares = fused(square, half, fused(r_low, p.r, r_low));
  const V tail = fused(hn::Mul(square, p.r), polynomial(p.r, Terms::tail), squares);
  const V constant = hn::Sub(p.scale, half);
  const V constant_low = hn::Sub(hn::Sub(p.scale, constant), half);
  const V sum = fused(p.scale, p.r, constant);
  const V sum_low = fused(p.scale, p.r, hn::Sub(constant, sum));
  const V low = hn::Add(sum_low, fused(p.scale, tail, constant_low));
  const V y = hn::Add(sum, low);
  // Halving would cost a subnormal number its last bit, and -0 its sign.
  const auto tiny = hn::Lt(hn::Abs(x), all(x, Terms::tiny));
  return hn::IfThenElse(tiny, x, hn::Add(y, y));
}

// 1 - e / (1 + e), or e times that where x is negative: exp of a negative number only, so that
// neither overflows, and the errors of the quotient weigh less the smaller it is.
template <class V>
HWY_INLINE V sigmoid(V x) {
  const V one = all(x, 1);
  const V e = exp_not_above_zero(hn::Neg(hn::Abs(x)));
  const V factor = hn::IfNegativeThenElse(x, e, one);
  return fused(hn::Neg(factor), hn::Div(e, hn::Add(one, e)), factor);
}

}  // namespace lanewise::kernels::HWY_NAMESPACE::vmath
HWY_AFTER_NAMESPACE();

#endif
