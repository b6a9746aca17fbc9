#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/reduce/tile_fold.cc"
#include "kernels/simd.h"
// The order of these matters.
#include <algorithm>

#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/reduce/tile_fold.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace {

template <class Operator, class T>
struct Folding {
  static constexpr T kIdentity = identity_of<Operator, T>();

  static void begin(int64_t width, std::byte* lanes) {
    std::fill_n(reinterpret_cast<T*>(lanes), kLanes * width, kIdentity);
  }

  static void add(const View& x, int64_t first, std::byte* lanes) {
    T* lane = reinterpret_cast<T*>(lanes);
    const int64_t count = x.shape[0], width = x.shape[1], row = x.strides[0], column = x.strides[1];
    const T* from = x.as<T>();
    if (width == 1 && row == 1) return add_column(from, count, first, lane);
    for (int64_t i = 0; i < count; ++i)
      take_in(lane + (first + i) % kLanes * width, from + i * row, column, width);
  }

  static void finish(int64_t width, std::byte* lanes, std::byte* out) {
    T* lane = reinterpret_cast<T*>(lanes);
    for (int half = kLanes / 2; half > 0; half /= 2)
      take_in(lane, lane + half * width, 1, half * width);
    std::copy_n(lane, width, reinterpret_cast<T*>(out));
  }

  static void merge(int64_t width, std::byte* earlier, const std::byte* later) {
    take_in(reinterpret_cast<T*>(earlier), reinterpret_cast<const T*>(later), 1, width);
  }

 private:
  LANEWISE_INLINE static void take_in(T* lane, const T* x, int64_t column, int64_t width) {
    const Operator f;
    if (column == 1) {
#pragma GCC ivdep
      for (int64_t j = 0; j < width; ++j) lane[j] = f(lane[j], x[j]);
    } else {
#pragma GCC ivdep
      for (int64_t j = 0; j < width; ++j) lane[j] = f(lane[j], x[j * column]);
    }
  }

  static void add_column(const T* x, int64_t count, int64_t first, T* lanes) {
    const Operator f;
    T lane[kLanes];
    for (int l = 0; l < kLanes; ++l) lane[l] = lanes[(first + l) % kLanes];
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
      for (int l = 0; l < kLanes; ++l) lane[l] = f(lane[l], x[i + l]);
    for (int l = 0; i + l < count; ++l) lane[l] = f(lane[l], x[i + l]);
    for (int l = 0; l < kLanes; ++l) lanes[(first + l) % kLanes] = lane[l];
  }
};

template <class Operator, class T>
constexpr fast::TileFold folding() {
  using F = Folding<Operator, T>;
  return {F::begin, F::add, F::finish, F::merge};
}
template <class T>
constexpr fast::TileFold kFoldings[] = {folding<Add, T>(), folding<Multiply, T>(),
                                        folding<Maximum, T>(), folding<Minimum, T>()};

}  // namespace

fast::TileFold find_tile_fold(Reduce op, DType dtype) {
  return with_type(
      dtype, [op]<class T>(std::type_identity<T>) { return kFoldings<T>[static_cast<int>(op)]; });
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lanewise::kernels {

HWY_EXPORT(find_tile_fold);

fast::TileFold fast::tile_fold(Reduce op, DType dtype) {
  return HWY_DYNAMIC_DISPATCH(find_tile_fold)(op, dtype);
}

}  // namespace lanewise::kernels
#endif  // HWY_ONCE
