// sin and cos of vectors.
//
//   x = n π/2 + r, |r| <= π/4          sin(r) = r + r³ S(r²)   cos(r) = 1 - r²/2 + r⁴ C(r²)
//
// π/2 is cut in three, of which n times the first is exact (Cody and Waite, 1980); what r loses in
// rounding is kept beside it. S, C: tools/minimax.py. Angles too large for three parts are left to
// libm, one by one.
#if defined(LANEWISE_ELEMENTWISE_TRIG_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_ELEMENTWISE_TRIG_INL_H
#undef LANEWISE_ELEMENTWISE_TRIG_INL_H
#else
#define LANEWISE_ELEMENTWISE_TRIG_INL_H
#endif

#include <cmath>

#include "kernels/elementwise/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE::vmath {

template <class T>
struct TrigTerms;
template <>
struct TrigTerms<float> {
  static constexpr float two_over_pi = 0x1.45f306p-1f;
  static constexpr float half_pi[] = {0x1.921fb6p0f, -0x1.777a5cp-25f, -0x1.ee59dap-50f};
  static constexpr float largest = 0x1p16f;
  static constexpr float tiny = 0x1p-13f;  // sin(x) = x
  static constexpr float sin_tail[] = {-0.16666654f, 0.008332133f, -0.00019511483f};
  static constexpr float cos_tail[] = {0.041666646f, -0.0013887279f, 2.4428808e-05f};
};
template <>
struct TrigTerms<double> {
  static constexpr double two_over_pi = 0x1.45f306dc9c883p-1;
  static constexpr double half_pi[] = {0x1.921fb54442d18p0, 0x1.1a62633145c07p-54,
                                       -0x1.f1976b7ed8fbcp-110};
  static constexpr double largest = 0x1p26;
  static constexpr double tiny = 0x1p-27;
  static constexpr double sin_tail[] = {-0.16666666666666627,    0.008333333333321443,
                                        -0.00019841269829030695, 2.7557313421656417e-06,
                                        -2.505071564617447e-08,  1.5894323170167532e-10};
  static constexpr double cos_tail[] = {0.04166666666666659,   -0.0013888888888872093,
                                        2.480158728823648e-05, -2.7557313997909494e-07,
                                        2.087567571953538e-09, -1.1357213003000026e-11};
};

// Quarters of a turn and the angle that is left, r + low.
template <class V>
struct Angle {
  hn::Vec<BitsTag<V>> quarters;
  V r, low;
};

template <class V>
HWY_INLINE Angle<V> reduced_angle(V x) {
  using T = Lane<V>;
  using Terms = TrigTerms<T>;
  const V rounder = all(x, Format<T>::round);
  const V sum = fused(x, all(x, Terms::two_over_pi), rounder);
  const V n = hn::Sub(sum, rounder);
  const V second = all(x, Terms::half_pi[1]);
  const V high = fused(n, all(x, -Terms::half_pi[0]), x);
  const V step = hn::Mul(n, second);
  const V step_low = fused(n, second, hn::Neg(step));
  const V r = hn::Sub(high, step);
  const V lost = hn::Sub(hn::Sub(hn::Sub(high, r), step), step_low);
  const V low = fused(n, all(x, -Terms::half_pi[2]), lost);
  return {hn::BitCast(BitsTag<V>(), sum), r, low};
}

template <class V>
HWY_INLINE V sin_of(const Angle<V>& a, V square) {
  const V tail = polynomial(square, TrigTerms<Lane<V>>::sin_tail);
  return hn::Add(a.r, fused(hn::Mul(a.r, square), tail, a.low));
}
template <class V>
HWY_INLINE V cos_of(const Angle<V>& a, V square) {
  const V one = all(square, 1), half = hn::Mul(square, all(square, Lane<V>(0.5)));
  const V y = hn::Sub(one, half);
  const V lost = hn::Sub(hn::Sub(one, y), half);
  const V tail = polynomial(square, TrigTerms<Lane<V>>::cos_tail);
  const V rest = fused(hn::Neg(a.r), a.low, lost);
  return hn::Add(y, fused(hn::Mul(square, square), tail, rest));
}

// sin(x + quarters π/2)
template <int kQuarters, class V>
HWY_INLINE V sine_within(V x) {
  using Bits = typename Format<Lane<V>>::Bits;
  constexpr int kSign = 8 * sizeof(Bits) - 1;
  const BitsTag<V> du;
  const hn::DFromV<V> d;
  const Angle<V> a = reduced_angle(x);
  const V square = hn::Mul(a.r, a.r);
  const auto quarters = hn::Add(a.quarters, hn::Set(du, Bits{kQuarters}));
  const auto odd = hn::RebindMask(d, hn::TestBit(quarters, hn::Set(du, Bits{1})));
  const auto turned = hn::And(hn::ShiftLeft<kSign - 1>(quarters), hn::Set(du, Bits{1} << kSign));
  const V y = hn::IfThenElse(odd, cos_of(a, square), sin_of(a, square));
  return hn::Xor(y, hn::BitCast(d, turned));
}

// y where x is small enough, else f(x).
template <class V, class Function>
HWY_INLINE V large_angles_by(Function f, V x, V y) {
  using T = Lane<V>;
  const hn::DFromV<V> d;
  const auto large = hn::Not(hn::Le(hn::Abs(x), all(x, TrigTerms<T>::largest)));
  if (hn::AllFalse(d, large)) return y;
  HWY_ALIGN T angles[hn::MaxLanes(d)], results[hn::MaxLanes(d)];
  hn::Store(x, d, angles);
  hn::Store(y, d, results);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i)
    if (!(std::fabs(angles[i]) <= TrigTerms<T>::largest)) results[i] = f(angles[i]);
  return hn::Load(d, results);
}

template <class V>
HWY_INLINE V sin(V x) {
  const auto tiny = hn::Lt(hn::Abs(x), all(x, TrigTerms<Lane<V>>::tiny));
  const V y = hn::IfThenElse(tiny, x, sine_within<0>(x));
  return large_angles_by([](auto angle) { return std::sin(angle); }, x, y);
}
template <class V>
HWY_INLINE V cos(V x) {
  return large_angles_by([](auto angle) { return std::cos(angle); }, x, sine_within<1>(x));
}

}  // namespace lanewise::kernels::HWY_NAMESPACE::vmath
HWY_AFTER_NAMESPACE();

#endif
