// Uniform numbers, a run at a time; the rounds of Philox vectorise over elements.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/random/fast.cc"
#include "kernels/simd.h"
// The order of these matters.
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/loop_nest.h"
#include "kernels/random/normal.h"
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

constexpr uint32_t kFours = kRandomRun / 4;

void uniform_run(uint64_t key, uint32_t stream, int64_t run, float* out) {
  for (uint32_t q = 0; q < kFours; ++q) {
    const PhiloxWords words = run_words(key, stream, run, q);
    for (uint32_t k = 0; k < 4; ++k) out[kFours * k + q] = uniform_of_word(words.w[k]);
  }
}

void normal_run(uint64_t key, uint32_t stream, int64_t run, float* out) {
  for (uint32_t q = 0; q < kFours; ++q) {
    const PhiloxWords words = run_words(key, stream, run, q);
    const Pair a = normal_pair(words.w[0], words.w[1]), b = normal_pair(words.w[2], words.w[3]);
    out[q] = a.x, out[kFours + q] = a.y, out[2 * kFours + q] = b.x, out[3 * kFours + q] = b.y;
  }
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lanewise::kernels {

HWY_EXPORT(uniform_f32);
HWY_EXPORT(uniform_f64);
HWY_EXPORT(uniform_run);
HWY_EXPORT(normal_run);

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

void uniform_run(uint64_t key, uint32_t stream, int64_t run, float* out) {
  HWY_DYNAMIC_DISPATCH(lanewise::kernels::uniform_run)(key, stream, run, out);
}
void normal_run(uint64_t key, uint32_t stream, int64_t run, float* out) {
  HWY_DYNAMIC_DISPATCH(lanewise::kernels::normal_run)(key, stream, run, out);
}

}  // namespace fast
}  // namespace lanewise::kernels
#endif  // HWY_ONCE
