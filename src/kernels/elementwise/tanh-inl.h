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
  static constexpr float highest = 9.02f, scale = 1.6625104f;
  alignas(16) static constexpr float middle[kPieces] = {1.2971967f, 3.1959772f, 6.993103f, 0.0f};
  alignas(16) static constexpr float terms[][kPieces] = {
      {0.86099976f, 0.99665564f, 0.99999833f, 0.0f},
      {0.25867954f, 0.0066772946f, 3.429438e-06f, 1.0f},
      {-0.22272295f, -0.0066547906f, -3.453072e-06f, 1.5479026e-07f},
      {0.10553166f, 0.004410078f, 2.0377179e-06f, -0.33334172f},
      {-0.016628822f, -0.0021762208f, -1.0365088e-06f, 0.00015523145f},
      {-0.015032675f, 0.0008360504f, 6.3361523e-07f, 0.13194478f},
      {0.013658326f, -0.0002633272f, -1.7600654e-07f, 0.006848886f},
      {-0.0052900636f, 8.01091e-05f, -1.6686082e-08f, -0.07345711f},
      {-0.00059606525f, -1.3135727e-05f, -1.0625424e-08f, 0.031149931f},
      {0.0020516454f, -4.969096e-06f, 9.222067e-09f, -0.0015115073f}};
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
