// tanh of vectors.
//
//   |x| <  0.65    x + x³ P(x²)
//   |x| >= 0.65    ±(1 - 2 / (exp(2 |x|) + 1))
//
// P: tools/minimax.py.
#if defined(LANEWISE_ELEMENTWISE_TANH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_ELEMENTWISE_TANH_INL_H
#undef LANEWISE_ELEMENTWISE_TANH_INL_H
#else
#define LANEWISE_ELEMENTWISE_TANH_INL_H
#endif

#include "kernels/elementwise/exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE::vmath {

template <class T>
struct TanhTerms;
template <>
struct TanhTerms<float> {
  static constexpr float highest = 10;  // from here on tanh is 1
  static constexpr float tail[] = {-0.3333326f, 0.1333083f, -0.05368806f, 0.020469526f,
                                   -0.0055152704f};
};
template <>
struct TanhTerms<double> {
  static constexpr double highest = 20;
  static constexpr double tail[] = {
      -0.33333333333332277,    0.13333333333187716,   -0.053968253898318386,  0.02186948685645038,
      -0.008863212005707497,   0.003591919836761929,  -0.0014546182876993038, 0.0005852477144433711,
      -0.00022649026399499612, 7.487782676723159e-05, -1.5005865652257457e-05};
};

template <class V>
HWY_INLINE V tanh(V x) {
  using T = Lane<V>;
  using Terms = TanhTerms<T>;
  const V one = all(x, 1), two = all(x, 2);
  const V t = hn::Abs(x);
  const V square = hn::Mul(t, t);
  const V near = fused(hn::Mul(t, square), polynomial(square, Terms::tail), t);
  const V bounded = at_most(t, Terms::highest);
  const V e = exp_normal(hn::Add(bounded, bounded));
  const V far = hn::Sub(one, hn::Div(two, hn::Add(e, one)));
  return hn::CopySign(hn::IfThenElse(hn::Lt(t, all(x, T(0.65))), near, far), x);
}

}  // namespace lanewise::kernels::HWY_NAMESPACE::vmath
HWY_AFTER_NAMESPACE();

#endif
