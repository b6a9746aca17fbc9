// The lanes of a block (monoid.h) as vectors of the target.
#if defined(LANEWISE_LANES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_LANES_INL_H
#undef LANEWISE_LANES_INL_H
#else
#define LANEWISE_LANES_INL_H
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "kernels/fused-inl.h"
#include "kernels/reduce/monoid.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {

// Lane l takes in elements l, l + kLanes, …: vectors side by side, as many as hold the lanes.
template <class T>
struct LaneVectors {
  using D = WidestTag<T>;
  static constexpr int kWidth = static_cast<int>(hn::MaxLanes(D()));
  static constexpr int kCount = kLanes / kWidth;
  using V = hn::Vec<D>;

  // Vector v of the elements from x[0] on.
  LANEWISE_INLINE static V load(const T* x, int v) { return hn::LoadU(D(), x + v * kWidth); }
  // Of the first `count` lanes; zeros in the others.
  LANEWISE_INLINE static V load_first(int64_t count, const T* x, int v) {
    return hn::MaskedLoad(first(count, v), D(), x + v * kWidth);
  }
  LANEWISE_INLINE static hn::Mask<D> first(int64_t count, int v) {
    const auto left = std::clamp<int64_t>(count - v * kWidth, 0, kWidth);
    return hn::FirstN(D(), static_cast<std::size_t>(left));
  }
};

// SquaredDeviations::Lanes, a vector of them.
template <class T>
struct DeviationLanes {
  using D = typename LaneVectors<T>::D;
  using V = typename LaneVectors<T>::V;
  V base, mean, m2;

  LANEWISE_INLINE static DeviationLanes begin(V x) { return {x, hn::Zero(D()), hn::Sub(x, x)}; }
  // Takes in their number k, see weight().
  LANEWISE_INLINE DeviationLanes next(V x, V weight) const {
    const V shifted = hn::Sub(x, base), delta = hn::Sub(shifted, mean);
    const V moved = hn::Add(mean, hn::Mul(delta, weight));
    return {base, moved, hn::Add(m2, hn::Mul(delta, hn::Sub(shifted, moved)))};
  }
  LANEWISE_INLINE static V weight(int64_t k) { return hn::Set(D(), T{1} / static_cast<T>(k + 1)); }
};

// The operators of floats on vectors, with the same bits.
template <class V>
LANEWISE_INLINE V applied(Add, V a, V b) {
  return hn::Add(a, b);
}
template <class V>
LANEWISE_INLINE V applied(Multiply, V a, V b) {
  return hn::Mul(a, b);
}
template <class V>
LANEWISE_INLINE V applied(Maximum, V a, V b) {
  return hn::IfThenElse(hn::Or(hn::Gt(a, b), hn::IsNaN(a)), a, b);
}
template <class V>
LANEWISE_INLINE V applied(Minimum, V a, V b) {
  return hn::IfThenElse(hn::Or(hn::Lt(a, b), hn::IsNaN(a)), a, b);
}

#if LANEWISE_PORTABLE
template <class Operator, class D, class V>
LANEWISE_INLINE hn::TFromD<D> fold_halves(D, V x) {
  return hn::GetLane(x);
}
#else
template <class Operator, class D, class V>
LANEWISE_INLINE hn::TFromD<D> fold_halves(D d, V x) {
  if constexpr (hn::MaxLanes(d) == 1) {
    return hn::GetLane(x);
  } else {
    const hn::Half<D> half;
    return fold_halves<Operator>(
        half, applied(Operator(), hn::LowerHalf(half, x), hn::UpperHalf(half, x)));
  }
}
#endif

// The state of a block whose lanes these are, which it overwrites.
template <class Operator, class T, class L = LaneVectors<T>>
LANEWISE_INLINE T fold_lanes(typename L::V (&lane)[L::kCount]) {
#pragma GCC unroll 16
  for (int half = L::kCount / 2; half > 0; half /= 2) {
#pragma GCC unroll 16
    for (int v = 0; v < half; ++v) lane[v] = applied(Operator(), lane[v], lane[v + half]);
  }
  return Operator()(Fold<Operator, T>::kIdentity, fold_halves<Operator>(typename L::D(), lane[0]));
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
