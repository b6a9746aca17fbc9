// erf of vectors.
//
//   |x| <  1    x + x P(x²)
//   |x| >= 1    ±(1 - exp(Q(|x| - 1))), where Q is close to the logarithm of 1 - erf
//
// P and Q: tools/minimax.py.
#if defined(LANEWISE_ELEMENTWISE_ERF_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_ELEMENTWISE_ERF_INL_H
#undef LANEWISE_ELEMENTWISE_ERF_INL_H
#else
#define LANEWISE_ELEMENTWISE_ERF_INL_H
#endif

#include "kernels/elementwise/exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE::vmath {

template <class T>
struct ErfTerms;
template <>
struct ErfTerms<float> {
  static constexpr float highest = 4;  // from here on erf is 1
  static constexpr float near[] = {0.12837917f,   -0.37612626f,    0.112835854f, -0.026853813f,
                                   0.0051883305f, -0.00080102193f, 7.853952e-05f};
  static constexpr float far[] = {-1.8496056f,  -2.6389668f,   -0.8431176f,   -0.041503493f,
                                  0.009895456f, -0.001829379f, 0.00018637767f};
};
template <>
struct ErfTerms<double> {
  static constexpr double highest = 6;
  static constexpr double near[] = {
      0.12837916709551256,     -0.3761263890318352,     0.11283791670944188,
      -0.02686617064311181,    0.005223977606121184,    -0.0008548325929441434,
      0.0001205529358063467,   -1.4924712372834288e-05, 1.6447132435936161e-06,
      -1.6206320317948057e-07, 1.3711008517648653e-08,  -7.779520518568267e-10};
  static constexpr double far[] = {
      -1.8496055099332482,     -2.6389675142347775,     -0.8431072563593305,
      -0.041561098026679066,   0.010033825195120515,    -0.001977901310722649,
      0.00023731679796326602,  2.6295381517926577e-05,  -2.7197238799248795e-05,
      9.669085365207028e-06,   -2.1297285766232905e-06, 2.0324693240510495e-07,
      5.882075696795142e-08,   -3.3692540700477376e-08, 8.597235312583951e-09,
      -1.3326366122174223e-09, 1.2071204746277776e-10,  -4.928727973564893e-12};
};

template <class V>
HWY_INLINE V erf(V x) {
  using Terms = ErfTerms<Lane<V>>;
  const V one = all(x, 1);
  const V t = at_most(hn::Abs(x), Terms::highest);
  const V near = fused(t, polynomial(hn::Mul(t, t), Terms::near), t);
  const V far = hn::Sub(one, exp_normal(polynomial(hn::Sub(t, one), Terms::far)));
  return hn::CopySign(hn::IfThenElse(hn::Lt(t, one), near, far), x);
}

}  // namespace lanewise::kernels::HWY_NAMESPACE::vmath
HWY_AFTER_NAMESPACE();

#endif
