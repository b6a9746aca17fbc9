// Conversions: a table of inner loops, From by To, compiled once a target. A copy
// moves bits only, so it has one loop a size.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cast/fast.cc"
#include "kernels/simd.h"
// The order of these matters.
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/cast/cast.h"
#include "kernels/cast/convert.h"
#include "kernels/transpose/transpose.h"
#include "kernels/typed_table.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace {

template <class FromTag, class To>
struct ConvertLoop {
  static void loop(std::byte* const* data, const int64_t* strides, int64_t count) {
    using From = typename FromTag::type;
    const From* x = reinterpret_cast<const From*>(data[0]);
    To* out = reinterpret_cast<To*>(data[1]);
    const int64_t sx = strides[0], so = strides[1];
    if (sx == 1 && so == 1) {
#pragma GCC ivdep
      for (int64_t i = 0; i < count; ++i) out[i] = convert<To>(x[i]);
    } else if (sx == 0 && so == 1) {
      const To value = convert<To>(*x);
#pragma GCC ivdep
      for (int64_t i = 0; i < count; ++i) out[i] = value;
    } else {
#pragma GCC ivdep
      for (int64_t i = 0; i < count; ++i) out[i * so] = convert<To>(x[i * sx]);
    }
  }
};

// The row of the table for one From.
template <class T>
struct FromType {
  using type = T;
  template <class To>
  static constexpr bool takes = true;
};
// A bool is a byte of 0 or 1: as such it becomes vectors.
using FromTypes =
    std::tuple<FromType<uint8_t>, FromType<int8_t>, FromType<uint8_t>, FromType<int32_t>,
               FromType<int64_t>, FromType<float>, FromType<double>>;

constexpr auto kConvert = loop_table<ConvertLoop>(std::type_identity<FromTypes>{});

}  // namespace

Loop convert_loop(DType from, DType to) {
  return kConvert[static_cast<int>(from)][static_cast<int>(to)];
}
Loop copy_loop(std::size_t bytes) {
  return bytes == 1   ? ConvertLoop<FromType<uint8_t>, uint8_t>::loop
         : bytes == 4 ? ConvertLoop<FromType<uint32_t>, uint32_t>::loop
                      : ConvertLoop<FromType<uint64_t>, uint64_t>::loop;
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lanewise::kernels {

HWY_EXPORT(convert_loop);
HWY_EXPORT(copy_loop);

namespace fast {

Loop cast_loop(DType from, DType to) {
  return from == to ? HWY_DYNAMIC_DISPATCH(copy_loop)(size_of(from))
                    : HWY_DYNAMIC_DISPATCH(convert_loop)(from, to);
}

void cast(const View& x, const View& out) {
  if (x.dtype == out.dtype && copy_transposed(x, out)) return;
  LoopNest<2>({x, out}).run_parallel(32 << 10, cast_loop(x.dtype, out.dtype));
}

}  // namespace fast
}  // namespace lanewise::kernels
#endif  // HWY_ONCE
