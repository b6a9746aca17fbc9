// x to the power y, of vectors of doubles: 2^(y log2 |x|), and the cases that C names.
//
//   |x| = 2^k m, √½ <= m < √2, s = (m - 1) / (m + 1)      log2(m) = 2 / ln 2 · atanh(s)
//
// The exponent's error grows with its size. Of float32 a double is enough; of float64 the logarithm
// is a pair of doubles, with the terms up to s³ / 3 (Dekker, 1971). The polynomials:
// tools/minimax.py.
#if defined(LANEWISE_ELEMENTWISE_POWER_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_ELEMENTWISE_POWER_INL_H
#undef LANEWISE_ELEMENTWISE_POWER_INL_H
#else
#define LANEWISE_ELEMENTWISE_POWER_INL_H
#endif

#include <limits>

#include "kernels/elementwise/exp-inl.h"
#include "kernels/elementwise/log-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE::vmath {

struct PowerTerms {
  static constexpr double third = 0x1.5555555555555p-2, third_low = 0x1.5555555555555p-56;
  static constexpr double two_over_ln2 = 0x1.71547652b82fep1,
                          two_over_ln2_low = 0x1.777d0ffda0d24p-55;
  static constexpr double ln2 = 0x1.62e42fefa39efp-1, ln2_low = 0x1.abc9e3b39803fp-56;
  // Beyond it lies neither a double nor what rounds to one.
  static constexpr double exponent_end = 1100;
  // No power of a number but 1 is finite and above zero beyond it.
  static constexpr double largest_y = 1e300;
  static constexpr double log2[] = {2.885390081790086, 0.9617966733415027, 0.5770835851614747,
                                    0.4116726992313001, 0.3407306182091405};
  static constexpr double exp2[] = {
      1.0000000005544538,   0.6931472057342959,    0.2402264688924014,    0.055503287821745885,
      0.009618489081383559, 0.0013399929321855975, 0.00015345778016519134};
  static constexpr double atanh[] = {0.1999999999999999,   0.1428571428572254,  0.11111111108772044,
                                     0.09090909434730879,  0.07692278462103522, 0.06668157771042851,
                                     0.058374267622867626, 0.059943722822112765};
};

// high + low, where low is of the size of the last place of high.
template <class V>
struct Pair {
  V high, low;
};

// Of a positive finite x.
struct Log2OfNormal {
  template <class V>
  HWY_INLINE Pair<V> operator()(V x) const {
    const V one = all(x, 1);
    const LogParts<V> p = log_parts(x);
    const V k = hn::Sub(above_two_to_mantissa<V>(p.exponent), all(x, log_bias<double>(0)));
    const V s = hn::Div(hn::Sub(p.significand, one), hn::Add(p.significand, one));
    return {fused(s, polynomial(hn::Mul(s, s), PowerTerms::log2), k), hn::Zero(hn::DFromV<V>())};
  }
};

struct Log2InPairs {
  template <class V>
  HWY_INLINE Pair<V> operator()(V x) const {
    using Terms = PowerTerms;
    const V one = all(x, 1);
    const auto small = hn::Lt(x, all(x, std::numeric_limits<double>::min()));
    const V normal = hn::IfThenElse(small, hn::Mul(x, all(x, 0x1p53)), x);
    const V bias = hn::IfThenElse(small, all(x, log_bias<double>(53)), all(x, log_bias<double>(0)));
    const LogParts<V> p = log_parts(normal);
    const V k = hn::Sub(above_two_to_mantissa<V>(p.exponent), bias);
    // s + s_low
    const V above = hn::Add(p.significand, one);
    const V above_low = hn::Sub(p.significand, hn::Sub(above, one));
    const V inverse = hn::Div(one, above), below = hn::Sub(p.significand, one);
    const V s = hn::Mul(below, inverse);
    const V rest = fused(hn::Neg(s), above_low, fused(hn::Neg(s), above, below));
    const V s_low = hn::Mul(rest, inverse);
    // s² = z + z_low
    const V z = hn::Mul(s, s);
    const V z_low = fused(hn::Add(s, s), s_low, fused(s, s, hn::Neg(z)));
    // 1/3 + z P(z) = t + t_low
    const V third = all(x, Terms::third);
    const V tail = hn::Mul(z, polynomial(z, Terms::atanh));
    const V t = hn::Add(third, tail);
    const V t_low = hn::Add(hn::Add(hn::Sub(third, t), tail), all(x, Terms::third_low));
    // s³ = c + c_low, c t = u + u_low
    const V c = hn::Mul(s, z);
    const V c_low = fused(s, z_low, fused(s_low, z, fused(s, z, hn::Neg(c))));
    const V u = hn::Mul(c, t);
    const V u_low = fused(c, t_low, fused(c_low, t, fused(c, t, hn::Neg(u))));
    const V atanh = hn::Add(s, u);
    const V atanh_low = hn::Add(hn::Add(hn::Sub(s, atanh), u), hn::Add(s_low, u_low));
    // In units of ln 2 / 2, plus k.
    const V scale = all(x, Terms::two_over_ln2);
    const V l = hn::Mul(atanh, scale);
    const V l_low = fused(atanh, all(x, Terms::two_over_ln2_low),
                          fused(atanh_low, scale, fused(atanh, scale, hn::Neg(l))));
    const V high = hn::Add(k, l);
    return {high, hn::Add(hn::Add(hn::Sub(k, high), l), l_low)};
  }
};

// 2^e, for a float32.
struct Exp2ForFloat {
  template <class V>
  HWY_INLINE V operator()(const Pair<V>& e) const {
    const V rounder = all(e.high, exp_rounder<double>(0));
    const V inside = at_least(at_most(e.high, 1000), -1000);
    const V sum = hn::Add(inside, rounder);
    const auto bits = hn::ShiftLeft<Format<double>::mantissa>(hn::BitCast(BitsTag<V>(), sum));
    const V rest = hn::Sub(inside, hn::Sub(sum, rounder));
    return hn::Mul(polynomial(rest, PowerTerms::exp2), hn::BitCast(hn::DFromV<V>(), bits));
  }
};

struct Exp2OfPair {
  template <class V>
  HWY_INLINE V operator()(const Pair<V>& e) const {
    using Terms = PowerTerms;
    using Exp = ExpTerms<double>;
    const V inside = at_least(at_most(e.high, Terms::exponent_end), -Terms::exponent_end);
    const V low = hn::IfThenElseZero(hn::Eq(inside, e.high), e.low);
    const V rounder = hn::IfNegativeThenElse(inside, all(low, exp_rounder<double>(Exp::split)),
                                             all(low, exp_rounder<double>(-Exp::split)));
    const V sum = hn::Add(inside, rounder);
    const auto bits = hn::ShiftLeft<Format<double>::mantissa>(hn::BitCast(BitsTag<V>(), sum));
    const V left = hn::Sub(inside, hn::Sub(sum, rounder));
    const V rest = hn::Add(left, low), rest_low = hn::Add(hn::Sub(left, rest), low);
    // In units of 1 / ln 2.
    const V ln2 = all(low, Terms::ln2);
    const V r = hn::Mul(rest, ln2);
    const V r_low =
        fused(rest_low, ln2, fused(rest, all(low, Terms::ln2_low), fused(rest, ln2, hn::Neg(r))));
    const V y = hn::Add(all(low, 1), hn::Add(r, exp_tail(r, r_low)));
    const V scale = hn::BitCast(hn::DFromV<V>(), bits);
    const V back = hn::IfNegativeThenElse(inside, all(low, Exp::down), all(low, Exp::up));
    return hn::Mul(hn::Mul(y, scale), back);
  }
};

template <class Log2, class Exp2, class V>
HWY_INLINE V power(V x, V y) {
  const hn::DFromV<V> d;
  const V one = all(x, 1), zero = hn::Zero(d);
  const V infinity = all(x, std::numeric_limits<double>::infinity());
  const V size = hn::Abs(x);
  Pair<V> log = Log2()(size);
  const auto usual = hn::And(hn::Lt(size, infinity), hn::Gt(size, zero));
  const V edge = hn::IfThenElse(hn::Eq(size, zero), hn::Neg(infinity), size);  // or NaN
  log = {hn::IfThenElse(usual, log.high, edge), hn::IfThenElseZero(usual, log.low)};

  const V finite_y = at_least(at_most(y, PowerTerms::largest_y), -PowerTerms::largest_y);
  const V e = hn::Mul(log.high, finite_y);
  const V e_low = fused(log.low, finite_y, fused(log.high, finite_y, hn::Neg(e)));
  V result = Exp2()(Pair<V>{e, e_low});

  // Of a number below zero only integer powers; the odd ones keep the sign, also that of zero.
  const V half = hn::Mul(y, all(y, 0.5));
  const auto integer = hn::Eq(y, hn::Floor(y));
  const auto odd = hn::And(integer, hn::Ne(half, hn::Floor(half)));
  const auto nowhere = hn::And(hn::And(hn::Lt(x, zero), hn::Lt(size, infinity)), hn::Not(integer));
  result = hn::IfThenElse(nowhere, all(x, std::numeric_limits<double>::quiet_NaN()), result);
  result = hn::IfThenElse(odd, hn::CopySign(result, x), result);
  return hn::IfThenElse(hn::Or(hn::Eq(x, one), hn::Eq(y, zero)), one, result);
}

template <class V>
HWY_INLINE V power_of_floats(V x, V y) {
  return power<Log2OfNormal, Exp2ForFloat>(x, y);
}
template <class V>
HWY_INLINE V power_of_doubles(V x, V y) {
  return power<Log2InPairs, Exp2OfPair>(x, y);
}

}  // namespace lanewise::kernels::HWY_NAMESPACE::vmath
HWY_AFTER_NAMESPACE();

#endif
