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

#if HWY_TARGET == HWY_SCALAR
void words_of_run(uint64_t key, uint32_t stream, int64_t run, uint32_t (*w)[kFours]) {
  for (uint32_t q = 0; q < kFours; ++q) {
    const PhiloxWords words = run_words(key, stream, run, q);
    for (uint32_t k = 0; k < 4; ++k) w[k][q] = words.w[k];
  }
}
#else
namespace hn = hwy::HWY_NAMESPACE;

// The words of a run, w[k][q]. A counter's word lies in the lower half of a lane of 64 bits, where
// products of 32 bits have room; what is left in the upper half does no harm. Two such vectors, of
// every second q, make one of words.
void words_of_run(uint64_t key, uint32_t stream, int64_t run, uint32_t (*w)[kFours]) {
  const hn::CappedTag<uint64_t, kFours / 2> d;
  const hn::Repartition<uint32_t, decltype(d)> d32;
  using V = hn::Vec<decltype(d)>;
  const uint64_t first = static_cast<uint64_t>(run) * kFours;
  const auto halves = [&](V lower, V upper) {
    const V mask = hn::Set(d, 0xffffffffu);
    return hn::BitCast(d32, hn::Or(hn::And(lower, mask), hn::ShiftLeft<32>(upper)));
  };
  const auto times = [&](V a, uint32_t b) {
    return hn::MulEven(hn::BitCast(d32, a), hn::Set(d32, b));
  };
  for (uint32_t q = 0; q < kFours; q += 2 * hn::Lanes(d)) {
    V c[2][4];  // of even and odd q
    for (int odd = 0; odd < 2; ++odd) {
      V* const x = c[odd];
      const V i = hn::Iota(d, 0);
      x[0] = hn::Add(hn::Add(i, i), hn::Set(d, (first & 0xffffffffu) + q + odd));
      x[1] = hn::Set(d, first >> 32), x[2] = hn::Set(d, stream), x[3] = hn::Set(d, 1);
      uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
      for (int round = 0; round < 10; ++round) {
        const V p0 = times(x[0], kPhiloxFactor0), p1 = times(x[2], kPhiloxFactor1);
        x[0] = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), x[1]), hn::Set(d, k0));
        x[1] = p1;
        x[2] = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), x[3]), hn::Set(d, k1));
        x[3] = p0;
        k0 += kPhiloxStep0, k1 += kPhiloxStep1;
      }
    }
    for (int k = 0; k < 4; ++k) hn::StoreU(halves(c[0][k], c[1][k]), d32, w[k] + q);
  }
}
#endif

void uniform_run(uint64_t key, uint32_t stream, int64_t run, float* out) {
  uint32_t w[4][kFours];
  words_of_run(key, stream, run, w);
  for (uint32_t i = 0; i < kRandomRun; ++i) out[i] = uniform_of_word(w[i / kFours][i % kFours]);
}

void normal_run(uint64_t key, uint32_t stream, int64_t run, float* out) {
  uint32_t w[4][kFours];
  words_of_run(key, stream, run, w);
  for (uint32_t k = 0; k < 4; k += 2) {
    float *x = out + kFours * k, *y = x + kFours;
    for (uint32_t q = 0; q < kFours; ++q) {
      const Pair pair = normal_pair(w[k][q], w[k + 1][q]);
      x[q] = pair.x, y[q] = pair.y;
    }
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
  HWY_DYNAMIC_DISPATCH(uniform_run)(key, stream, run, out);
}
void normal_run(uint64_t key, uint32_t stream, int64_t run, float* out) {
  HWY_DYNAMIC_DISPATCH(normal_run)(key, stream, run, out);
}

}  // namespace fast
}  // namespace lanewise::kernels
#endif  // HWY_ONCE
