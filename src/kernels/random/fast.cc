// Uniform numbers, a run at a time; the rounds of Philox vectorise over elements.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/random/fast.cc"
#include "kernels/simd.h"
// The order of these matters.
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/loop_nest.h"
#include "kernels/random/philox.h"
#include "kernels/random/random.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {

void uniform_f32(uint64_t key, uint64_t index, float* out, int64_t stride, int64_t count) {
  if (stride == 1) {
    for (int64_t i = 0; i < count; ++i) {
      out[i] = uniform_element(0.0f, key, index + static_cast<uint64_t>(i));
    }
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    out[i * stride] = uniform_element(0.0f, key, index + static_cast<uint64_t>(i));
  }
}

void uniform_f64(uint64_t key, uint64_t index, double* out, int64_t stride, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    out[i * stride] = uniform_element(0.0, key, index + static_cast<uint64_t>(i));
  }
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lanewise::kernels {

HWY_EXPORT(uniform_f32);
HWY_EXPORT(uniform_f64);

namespace fast {

void uniform(uint64_t key, int64_t offset, const View& out) {
  const auto f32 = HWY_DYNAMIC_DISPATCH(uniform_f32);
  const auto f64 = HWY_DYNAMIC_DISPATCH(uniform_f64);
  const LoopNest<1> nest({out}, AxisOrder::row_major);
  parallel_for(nest.size(), 4 << 10, [&](int64_t begin, int64_t end) {
    uint64_t index = static_cast<uint64_t>(offset + begin);
    nest.run(begin, end, [&](std::byte* const* data, const int64_t* s, int64_t count) {
      if (out.dtype == DType::float32) {
        f32(key, index, reinterpret_cast<float*>(data[0]), s[0], count);
      } else {
        f64(key, index, reinterpret_cast<double*>(data[0]), s[0], count);
      }
      index += static_cast<uint64_t>(count);
    });
  });
}

}  // namespace fast
}  // namespace lanewise::kernels
#endif  // HWY_ONCE
