// The fused multiply-add of every target: one rounding, so that all targets give the same bits.
#if defined(LANEWISE_FUSED_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_FUSED_INL_H
#undef LANEWISE_FUSED_INL_H
#else
#define LANEWISE_FUSED_INL_H
#endif

#include <cmath>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Highway's portable targets round twice in MulAdd. There, vectors of one lane call libm instead.
#define LANEWISE_PORTABLE (HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128)

#if LANEWISE_PORTABLE
template <class T>
using WidestTag = hn::CappedTag<T, 1>;
#else
template <class T>
using WidestTag = hn::ScalableTag<T>;
#endif

// a · b + c
template <class V>
HWY_INLINE V fused(V a, V b, V c) {
#if LANEWISE_PORTABLE
  const hn::DFromV<V> d;
  return hn::Set(d, std::fma(hn::GetLane(a), hn::GetLane(b), hn::GetLane(c)));
#else
  return hn::MulAdd(a, b, c);
#endif
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
