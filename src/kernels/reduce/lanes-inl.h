// The lanes of a block (monoid.h) as vectors of the target.
#if defined(LANEWISE_LANES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_LANES_INL_H
#undef LANEWISE_LANES_INL_H
#else
#define LANEWISE_LANES_INL_H
#endif

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
};

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
