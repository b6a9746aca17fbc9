// log and log1p of vectors.
//
//   x = 2^k (1 + f), √½ <= 1 + f < √2      log(x) = k ln 2 + f - f²/2 + f³ P(f)
//
// ln 2 is cut in two, of which k times the first is exact. P: tools/minimax.py.
#if defined(LANEWISE_ELEMENTWISE_LOG_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_ELEMENTWISE_LOG_INL_H
#undef LANEWISE_ELEMENTWISE_LOG_INL_H
#else
#define LANEWISE_ELEMENTWISE_LOG_INL_H
#endif

#include <bit>

#include "kernels/elementwise/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE::vmath {

template <class T>
struct LogTerms;
template <>
struct LogTerms<float> {
  static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 1.4286068e-06f;
  static constexpr float tail[] = {0.33333313f,  -0.2500001f,  0.20002119f,
                                   -0.16667998f, 0.14219555f,  -0.124055654f,
                                   0.118881226f, -0.11675761f, 0.06746852f};
};
template <>
struct LogTerms<double> {
  static constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 5.497923018708371e-14;
  static constexpr double tail[] = {
      0.3333333333333314,  -0.24999999999987976, 0.2000000000006658,  -0.16666666669825578,
      0.1428571428009636,  -0.12499999691468228, 0.11111111147306953, -0.10000015205191409,
      0.09090923936044161, -0.0833291356667904,  0.07691529758653481, -0.07149439127699547,
      0.06684589565190832, -0.06196681865956756, 0.05668376721176761, -0.05677766738449443,
      0.06503483355500887, -0.05981741828618982, 0.026151329397199812};
};

// A positive normal x as 2^k · significand; `exponent` is k with the bias, as an integer.
template <class V>
struct LogParts {
  hn::Vec<BitsTag<V>> exponent;
  V significand;
};

template <class V>
HWY_INLINE LogParts<V> log_parts(V x) {
  using T = Lane<V>;
  using Bits = typename Format<T>::Bits;
  constexpr int kMantissa = Format<T>::mantissa;
  constexpr Bits kSqrtHalf = std::bit_cast<Bits>(Format<T>::sqrt_half);
  constexpr Bits kOne = std::bit_cast<Bits>(T{1});
  const BitsTag<V> du;
  // Moved up so that the exponent changes at √½ and its double, not at powers of two.
  const auto moved = hn::Add(hn::BitCast(du, x), hn::Set(du, kOne - kSqrtHalf));
  const auto rest = hn::And(moved, hn::Set(du, (Bits{1} << kMantissa) - 1));
  return {hn::ShiftRight<kMantissa>(moved),
          hn::BitCast(hn::DFromV<V>(), hn::Add(rest, hn::Set(du, kSqrtHalf)))};
}

// A small integer plus 2^mantissa, as a float: the integer's bits are its last ones.
template <class V>
HWY_INLINE V above_two_to_mantissa(hn::Vec<BitsTag<V>> integer) {
  using T = Lane<V>;
  using Bits = typename Format<T>::Bits;
  constexpr T kBase = static_cast<T>(Bits{1} << Format<T>::mantissa);
  const BitsTag<V> du;
  return hn::BitCast(hn::DFromV<V>(), hn::Or(integer, hn::Set(du, std::bit_cast<Bits>(kBase))));
}

// What to subtract from above_two_to_mantissa(exponent) to get k.
template <class T>
constexpr T log_bias(int extra) {
  return static_cast<T>((int64_t{1} << Format<T>::mantissa) + Format<T>::bias + extra);
}

// -f²/2 + f³ P(f)
template <class V>
HWY_INLINE V log_tail(V f) {
  const V factor = fused(f, polynomial(f, LogTerms<Lane<V>>::tail), all(f, Lane<V>(-0.5)));
  return hn::Mul(hn::Mul(f, f), factor);
}

// k ln 2 + f + tail
template <class V>
HWY_INLINE V log_sum(V k, V f, V tail) {
  using Terms = LogTerms<Lane<V>>;
  const V high = hn::Mul(k, all(k, Terms::ln2_high));
  const V sum = hn::Add(high, f);
  const V sum_low = hn::Sub(f, hn::Sub(sum, high));
  return hn::Add(sum, hn::Add(sum_low, fused(k, all(k, Terms::ln2_low), tail)));
}

// y where x is positive and finite, else what log gives.
template <class V>
HWY_INLINE V log_at_edges(V x, V y) {
  using Limits = std::numeric_limits<Lane<V>>;
  const V zero = hn::Zero(hn::DFromV<V>()), infinity = all(x, Limits::infinity());
  const V outside = hn::IfThenElse(hn::Eq(x, zero), hn::Neg(infinity), all(x, Limits::quiet_NaN()));
  y = hn::IfThenElse(hn::Gt(x, zero), y, outside);
  return hn::IfThenElse(hn::Eq(x, infinity), x, y);
}

template <class V>
HWY_INLINE V log(V x) {
  using T = Lane<V>;
  constexpr int kUp = Format<T>::mantissa + 1;  // makes every subnormal number normal
  constexpr T kFactor = static_cast<T>(int64_t{1} << kUp);
  const auto small = hn::Lt(x, all(x, std::numeric_limits<T>::min()));
  const V normal = hn::IfThenElse(small, hn::Mul(x, all(x, kFactor)), x);
  const V bias = hn::IfThenElse(small, all(x, log_bias<T>(kUp)), all(x, log_bias<T>(0)));
  const LogParts<V> p = log_parts(normal);
  const V k = hn::Sub(above_two_to_mantissa<V>(p.exponent), bias);
  const V f = hn::Sub(p.significand, all(x, 1));
  return log_at_edges(x, log_sum(k, f, log_tail(f)));
}

// log(u + lost), where u = 1 + x rounded. Near zero f is x itself.
template <class V>
HWY_INLINE V log1p(V x) {
  using T = Lane<V>;
  using Bits = typename Format<T>::Bits;
  const BitsTag<V> du;
  const V one = all(x, 1), half = all(x, T(0.5));
  const V u = hn::Add(one, x);
  const V lost = hn::Sub(hn::Min(one, x), hn::Sub(u, hn::Max(one, x)));
  const LogParts<V> p = log_parts(u);
  const V k = hn::Sub(above_two_to_mantissa<V>(p.exponent), all(x, log_bias<T>(0)));
  // 2^-k by way of 2^(1-k), whose exponent is never below 0.
  const auto inverse_exponent =
      hn::Sub(hn::Set(du, static_cast<Bits>(2 * Format<T>::bias + 1)), p.exponent);
  const V inverse = hn::Mul(
      hn::BitCast(hn::DFromV<V>(), hn::ShiftLeft<Format<T>::mantissa>(inverse_exponent)), half);
  const V known = hn::Sub(p.significand, one);
  const V f = fused(inverse, lost, known);
  const V f_low = fused(inverse, lost, hn::Sub(known, f));
  const V y = log_sum(k, f, hn::Add(log_tail(f), f_low));
  return hn::CopySign(log_at_edges(u, y), x);
}

}  // namespace lanewise::kernels::HWY_NAMESPACE::vmath
HWY_AFTER_NAMESPACE();

#endif
