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
  static constexpr float highest = 3.93f, scale = 3.7237015f;
  alignas(32) static constexpr float middle[kPieces] = {
      0.40291047f, 0.6714403f, 1.0740775f, 1.6113477f, 2.417211f, 3.441558f, 0.0f, 0.20143728f};
  alignas(32) static constexpr float terms[][kPieces] = {
      {0.43118763f, 0.6576641f, 0.8712312f, 0.97732043f, 0.9993702f, 0.99999887f, 0.0f,
       0.22426035f},
      {-0.040703055f, -0.2811121f, -0.6440123f, -0.9158927f, -0.99672705f, -0.9999918f, 0.12837917f,
       0.083509445f},
      {-0.3865108f, -0.48269045f, -0.38235897f, -0.13552654f, -0.007908263f, -2.8063492e-05f,
       3.3675124e-07f, -0.21825919f},
      {-0.21594654f, -0.023566343f, 0.15507331f, 0.11757797f, 0.011648009f, 5.7276757e-05f,
       -0.37614492f, -0.33185923f},
      {0.17233169f, 0.16884388f, 0.044203922f, -0.049528f, -0.011504049f, -9.237212e-05f,
       0.0003411583f, 0.10617213f},
      {0.03702968f, -0.03786971f, -0.06401676f, -0.004093794f, 0.007666093f, 0.00014754754f,
       0.11063276f, 0.09087543f},
      {-0.049854603f, -0.03793837f, 0.010636302f, 0.014897403f, -0.002761052f, -0.00012812382f,
       0.0005619847f, -0.033412993f}};
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
