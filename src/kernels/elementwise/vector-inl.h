// What the vector functions share: the parts of a float, polynomials, clamps that keep NaN.
#if defined(LANEWISE_ELEMENTWISE_VECTOR_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_ELEMENTWISE_VECTOR_INL_H
#undef LANEWISE_ELEMENTWISE_VECTOR_INL_H
#else
#define LANEWISE_ELEMENTWISE_VECTOR_INL_H
#endif

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "hwy/highway.h"
#include "kernels/fused-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE::vmath {

template <class T>
struct Format;
template <>
struct Format<float> {
  using Bits = uint32_t;
  static constexpr int mantissa = 23, bias = 127;
  // Adding it rounds to an integer and leaves that integer in the low bits of the sum.
  static constexpr float round = 0x1.8p23f;
  static constexpr float sqrt_half = 0.70710678f;
};
template <>
struct Format<double> {
  using Bits = uint64_t;
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double round = 0x1.8p52;
  static constexpr double sqrt_half = 0.70710678118654752;
};

template <class V>
using Lane = hn::TFromV<V>;
template <class V>
using BitsTag = hn::RebindToUnsigned<hn::DFromV<V>>;

// The same constant in every lane of a vector like `like`.
template <class V>
HWY_INLINE V all(V /*like*/, Lane<V> value) {
  return hn::Set(hn::DFromV<V>(), value);
}

// c[Last] … c[Last - 2 I] …, in powers of z from the highest on.
template <std::size_t Last, class V, std::size_t N, std::size_t... I>
HWY_INLINE V every_other(V z, const Lane<V> (&c)[N], std::index_sequence<I...>) {
  V y = all(z, c[Last]);
  ((y = fused(y, z, all(z, c[Last - 2 - 2 * I]))), ...);
  return y;
}
// c[0] + c[1] x + c[2] x² …, as two chains: even and odd powers.
template <class V, std::size_t N>
HWY_INLINE V polynomial(V x, const Lane<V> (&c)[N]) {
  const V z = hn::Mul(x, x);
  constexpr std::size_t kEven = (N - 1) / 2 * 2, kOdd = N / 2 * 2 - 1;
  const V even = every_other<kEven>(z, c, std::make_index_sequence<kEven / 2>());
  const V odd = every_other<kOdd>(z, c, std::make_index_sequence<kOdd / 2>());
  return fused(odd, x, even);
}

// NaN stays NaN: of a NaN and a number x86 gives the second operand, other machines the number.
template <class V>
HWY_INLINE V at_most(V x, Lane<V> bound) {
  const V b = all(x, bound);
#if HWY_ARCH_X86 && !LANEWISE_PORTABLE
  return hn::Min(b, x);
#else
  return hn::IfThenElse(hn::Gt(x, b), b, x);
#endif
}
template <class V>
HWY_INLINE V at_least(V x, Lane<V> bound) {
  const V b = all(x, bound);
#if HWY_ARCH_X86 && !LANEWISE_PORTABLE
  return hn::Max(b, x);
#else
  return hn::IfThenElse(hn::Lt(x, b), b, x);
#endif
}

}  // namespace lanewise::kernels::HWY_NAMESPACE::vmath
HWY_AFTER_NAMESPACE();

#endif
