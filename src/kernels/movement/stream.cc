#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/movement/stream.cc"
#include "kernels/simd.h"
// The order of these matters.
#include <algorithm>
#include <cstring>

#include "base/cpu.h"
#include "hwy/cache_control.h"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/movement/stream.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void stream_copy(const std::byte* from, std::byte* to, int64_t bytes, const std::byte* next) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto copy = [&](int64_t at, int64_t count) {
    std::memcpy(to + at, from + at, static_cast<std::size_t>(count));
  };
  const auto misaligned = static_cast<int64_t>(reinterpret_cast<uintptr_t>(to) % lanes);
  int64_t at = std::min(bytes, (lanes - misaligned) % lanes);
  copy(0, at);
  for (; at + lanes <= bytes; at += lanes) {
    if (next) __builtin_prefetch(next + at, 0, 3);
    hn::Stream(hn::LoadU(d, reinterpret_cast<const uint8_t*>(from + at)), d,
               reinterpret_cast<uint8_t*>(to + at));
  }
  copy(at, bytes - at);
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lanewise::kernels::fast {

HWY_EXPORT(stream_copy);

bool exceeds_caches(int64_t bytes) {
  // A larger L3 belongs to others, too.
  constexpr int64_t kLeast = 8 << 20, kMost = 32 << 20;
  return bytes > std::clamp(machine().l3_bytes, kLeast, kMost);
}

void stream_copy(const std::byte* from, std::byte* to, int64_t bytes, const std::byte* next) {
  HWY_DYNAMIC_DISPATCH(stream_copy)(from, to, bytes, next);
}

void end_streams() { hwy::FlushStream(); }

void run_streamed(Loop loop, std::span<const int64_t> bytes, std::byte* const* data,
                  const int64_t* strides, int64_t count) {
  constexpr int64_t kLeast = 32 * kPiece;
  const std::size_t result = bytes.size() - 1;
  if (count < kLeast || strides[result] != 1) return loop(data, strides, count);
  alignas(kLine) std::byte piece[kPiece * sizeof(double)];
  std::byte* at[4];
  at[result] = piece;
  for (int64_t begin = 0, end = kPiece - begun_line(data[result], bytes[result]); begin < count;
       begin = end, end = std::min(count, end + kPiece)) {
    for (std::size_t k = 0; k < result; ++k) {
      at[k] = data[k] + begin * strides[k] * bytes[k];
      if (strides[k] == 1) fetch(data[k] + kFetchAhead, begin * bytes[k], end * bytes[k]);
    }
    loop(at, strides, end - begin);
    stream_copy(piece, data[result] + begin * bytes[result], (end - begin) * bytes[result]);
  }
  end_streams();
}

}  // namespace lanewise::kernels::fast
#endif  // HWY_ONCE
