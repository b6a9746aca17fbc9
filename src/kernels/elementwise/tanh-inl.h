// tanh of vectors: of float32 in pieces, of float64
//
//   |x| <  0.65    x + x³ P(x²)
//   |x| >= 0.65    ±(1 - 2 / (exp(2 |x|) + 1))
//
// The pieces and P: tools/minimax.py.
#if defined(LANEWISE_ELEMENTWISE_TANH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_ELEMENTWISE_TANH_INL_H
#undef LANEWISE_ELEMENTWISE_TANH_INL_H
#else
#define LANEWISE_ELEMENTWISE_TANH_INL_H
#endif

#include <type_traits>

#include "kernels/elementwise/exp-inl.h"
#include "kernels/elementwise/pieces-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE::vmath {

struct TanhPieces {
  static constexpr bool has_one_apart = false;
  static constexpr float highest = 9.02f, scale = 1.5117158f;
  alignas(32) static constexpr float middle[kPieces] = {
      1.056755f, 1.7186244f, 2.775577f, 4.0978503f, 6.211701f, 8.317765f, 0.0f, 0.5284405f};
  alignas(32) static constexpr float terms[][kPieces] = {
      {0.7844187f, 0.9376972f, 0.9922641f, 0.9994485f, 0.99999195f, 0.9999999f, 0.0f, 0.48418808f},
      {0.38468713f, 0.12072404f, 0.015412014f, 0.0011027431f, 1.6052338e-05f, 2.3841484e-07f, 1.0f,
       0.7655619f},
      {-0.30175546f, -0.11320258f, -0.015292937f, -0.0011021547f, -1.6065831e-05f, -2.384284e-07f,
       -2.519834e-07f, -0.37067598f},
      {0.10849283f, 0.065905675f, 0.010035912f, 0.00073385524f, 1.0996957e-05f, 1.59086e-07f,
       -0.333319f, -0.075711116f},
      {0.015487155f, -0.024069272f, -0.004859541f, -0.00036563008f, -5.4137095e-06f, -7.938684e-08f,
       -0.0002688435f, 0.16021954f},
      {-0.040275883f, 0.0033519864f, 0.0018296543f, 0.00014606235f, 1.7000621e-06f, 3.0947678e-08f,
       0.13560914f, -0.035244852f},
      {0.019004071f, 0.0025142683f, -0.0005332739f, -5.0824263e-05f, -7.4967045e-07f,
       -1.10425855e-08f, -0.009286546f, -0.044552866f},
      {0.0038890124f, -0.0027063868f, 8.578122e-05f, 1.4037351e-05f, 4.3147583e-07f, 4.330063e-09f,
       -0.038107604f, 0.027188929f}};
};

inline constexpr double kTanhTail[] = {
    -0.33333333333332277,    0.13333333333187716,   -0.053968253898318386,  0.02186948685645038,
    -0.008863212005707497,   0.003591919836761929,  -0.0014546182876993038, 0.0005852477144433711,
    -0.00022649026399499612, 7.487782676723159e-05, -1.5005865652257457e-05};

template <class V>
HWY_INLINE V tanh(V x) {
  if constexpr (std::is_same_v<Lane<V>, float>) {
    return odd_in_pieces<TanhPieces>(x);
  } else {
    const V one = all(x, 1), two = all(x, 2);
    const V t = hn::Abs(x);
    const V square = hn::Mul(t, t);
    const V near = fused(hn::Mul(t, square), polynomial(square, kTanhTail), t);
    const V bounded = at_most(t, 20);  // from there on tanh is 1
    const V e = exp_normal(hn::Add(bounded, bounded));
    const V far = hn::Sub(one, hn::Div(two, hn::Add(e, one)));
    return hn::CopySign(hn::IfThenElse(hn::Lt(t, all(x, 0.65)), near, far), x);
  }
}

}  // namespace lanewise::kernels::HWY_NAMESPACE::vmath
HWY_AFTER_NAMESPACE();

#endif
