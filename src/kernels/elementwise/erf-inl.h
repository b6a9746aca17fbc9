// erf of vectors: of float32 in pieces, of float64
//
//   |x| <  1    x + x P(x²)
//   |x| >= 1    ±(1 - exp(Q(|x| - 1))), where Q is close to the logarithm of 1 - erf
//
// The pieces, P and Q: tools/minimax.py.
#if defined(LANEWISE_ELEMENTWISE_ERF_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_ELEMENTWISE_ERF_INL_H
#undef LANEWISE_ELEMENTWISE_ERF_INL_H
#else
#define LANEWISE_ELEMENTWISE_ERF_INL_H
#endif

#include <type_traits>

#include "kernels/elementwise/exp-inl.h"
#include "kernels/elementwise/pieces-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE::vmath {

struct ErfPieces {
  static constexpr bool has_one_apart = true;
  static constexpr float highest = 3.93f, scale = 3.8138826f;
  alignas(16) static constexpr float middle[kPieces] = {0.5244631f, 1.3107821f, 2.882957f, 0.0f};
  alignas(16) static constexpr float terms[][kPieces] = {
      {0.5417326f, 0.9362216f, 0.9999544f, 0.0f},
      {-0.1429674f, -0.7975713f, -0.99972296f, 0.12837917f},
      {-0.449482f, -0.26533994f, -0.0007992526f, 5.980221e-07f},
      {-0.12851973f, 0.1643927f, 0.0014469195f, -0.37618715f},
      {0.18352994f, -0.019294702f, -0.0018146378f, 0.0023758688f},
      {5.5034387e-05f, -0.03920906f, 0.0016426186f, 0.06628504f},
      {-0.04897617f, 0.022274189f, -0.0011107047f, 0.5124353f},
      {0.007299246f, 0.001057577f, 0.00055683544f, -3.3405678f},
      {0.009914635f, -0.0051000672f, -0.00013787528f, 12.489614f},
      {-0.0023098134f, 0.0010478862f, -4.9986385e-05f, -25.381775f},
      {-0.0034570484f, 0.00056476507f, 3.4564433e-05f, 21.50216f}};
};

inline constexpr double kErfNear[] = {
    0.12837916709551256,     -0.3761263890318352,     0.11283791670944188,
    -0.02686617064311181,    0.005223977606121184,    -0.0008548325929441434,
    0.0001205529358063467,   -1.4924712372834288e-05, 1.6447132435936161e-06,
    -1.6206320317948057e-07, 1.3711008517648653e-08,  -7.779520518568267e-10};
inline constexpr double kErfFar[] = {
    -1.8496055099332482,     -2.6389675142347775,     -0.8431072563593305,
    -0.041561098026679066,   0.010033825195120515,    -0.001977901310722649,
    0.00023731679796326602,  2.6295381517926577e-05,  -2.7197238799248795e-05,
    9.669085365207028e-06,   -2.1297285766232905e-06, 2.0324693240510495e-07,
    5.882075696795142e-08,   -3.3692540700477376e-08, 8.597235312583951e-09,
    -1.3326366122174223e-09, 1.2071204746277776e-10,  -4.928727973564893e-12};

template <class V>
HWY_INLINE V erf(V x) {
  if constexpr (std::is_same_v<Lane<V>, float>) {
    return odd_in_pieces<ErfPieces>(x);
  } else {
    const V one = all(x, 1);
    const V t = at_most(hn::Abs(x), 6);  // from there on erf is 1
    const V near = fused(t, polynomial(hn::Mul(t, t), kErfNear), t);
    const V far = hn::Sub(one, exp_normal(polynomial(hn::Sub(t, one), kErfFar)));
    return hn::CopySign(hn::IfThenElse(hn::Lt(t, one), near, far), x);
  }
}

}  // namespace lanewise::kernels::HWY_NAMESPACE::vmath
HWY_AFTER_NAMESPACE();

#endif
