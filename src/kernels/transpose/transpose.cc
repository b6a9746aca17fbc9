// In squares that lie in registers: 4 x 4 of 4 bytes, 2 x 2 of 8; the squares of a strip of
// 16 rows one after the other, so that every line of x is used up while it is in L1.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/transpose/transpose.cc"
#include "kernels/simd.h"
// The order of these matters.
#include "base/thread_pool.h"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/transpose/transpose.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
void element_wise(const T* x, int64_t sx, T* out, int64_t so, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) out[i * so + j] = x[i + j * sx];
}

#if HWY_TARGET == HWY_SCALAR
template <class T>
inline constexpr int64_t kSide = 1;
template <class T>
HWY_INLINE void square(const T* x, int64_t, T* out, int64_t) {
  *out = *x;
}
#else
template <class T>
inline constexpr int64_t kSide = 16 / sizeof(T);

HWY_INLINE void square(const uint32_t* x, int64_t sx, uint32_t* out, int64_t so) {
  const hn::FixedTag<uint32_t, 4> d;
  const hn::FixedTag<uint64_t, 2> pairs;
  const auto a = hn::LoadU(d, x), b = hn::LoadU(d, x + sx), c = hn::LoadU(d, x + 2 * sx),
             e = hn::LoadU(d, x + 3 * sx);
  const auto ab0 = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
  const auto ab1 = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
  const auto ce0 = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
  const auto ce1 = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, ab0, ce0)), d, out);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, ab0, ce0)), d, out + so);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, ab1, ce1)), d, out + 2 * so);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, ab1, ce1)), d, out + 3 * so);
}

HWY_INLINE void square(const uint64_t* x, int64_t sx, uint64_t* out, int64_t so) {
  const hn::FixedTag<uint64_t, 2> d;
  const auto a = hn::LoadU(d, x), b = hn::LoadU(d, x + sx);
  hn::StoreU(hn::InterleaveLower(d, a, b), d, out);
  hn::StoreU(hn::InterleaveUpper(d, a, b), d, out + so);
}
#endif

template <class T>
void by_squares(const std::byte* from, int64_t sx, std::byte* to, int64_t so, int64_t rows,
                int64_t columns) {
  constexpr int64_t side = kSide<T>, strip = 16, run = 4;
  const T* x = reinterpret_cast<const T*>(from);
  T* out = reinterpret_cast<T*>(to);
  const int64_t whole_rows = rows / side * side, whole_columns = columns / side * side;
  for (int64_t begin = 0; begin < whole_rows; begin += strip) {
    const int64_t end = begin + strip < whole_rows ? begin + strip : whole_rows;
    for (int64_t j = 0; j < whole_columns; j += side) {
      // More columns than a processor sees streams in: the strips that follow, be it of this call
      // or of the next. Of one column in `run`, but as many lines, which lie in one page.
      const int64_t column = j / run * run + begin / strip % run;
      for (int64_t k = 0; k < side; ++k)
        __builtin_prefetch(x + begin + (run + j % run + k) * strip + column * sx, 0, 2);
      for (int64_t i = begin; i < end; i += side) square(x + i + j * sx, sx, out + i * so + j, so);
    }
  }
  element_wise(x + whole_columns * sx, sx, out + whole_columns, so, whole_rows,
               columns - whole_columns);
  element_wise(x + whole_rows, sx, out + whole_rows * so, so, rows - whole_rows, columns);
}

}  // namespace

void transpose_4(const std::byte* x, int64_t sx, std::byte* out, int64_t so, int64_t rows,
                 int64_t columns) {
  by_squares<uint32_t>(x, sx, out, so, rows, columns);
}
void transpose_8(const std::byte* x, int64_t sx, std::byte* out, int64_t so, int64_t rows,
                 int64_t columns) {
  by_squares<uint64_t>(x, sx, out, so, rows, columns);
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lanewise::kernels {

HWY_EXPORT(transpose_4);
HWY_EXPORT(transpose_8);

namespace fast {

void transpose(std::size_t bytes, const std::byte* x, int64_t sx, std::byte* out, int64_t so,
               int64_t rows, int64_t columns) {
  if (bytes == 4) HWY_DYNAMIC_DISPATCH(transpose_4)(x, sx, out, so, rows, columns);
  else HWY_DYNAMIC_DISPATCH(transpose_8)(x, sx, out, so, rows, columns);
}

bool copy_transposed(const View& x, const View& out) {
  const std::size_t bytes = size_of(x.dtype);
  if (bytes != 4 && bytes != 8) return false;
  int axes[2], count = 0;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (x.shape[axis] == 1) continue;
    if (count == 2) return false;
    axes[count++] = axis;
  }
  if (count < 2) return false;
  auto [row, column] = axes;
  if (out.strides[column] != 1) std::swap(row, column);
  if (out.strides[column] != 1 || x.strides[row] != 1) return false;
  const int64_t sx = x.strides[column], so = out.strides[row], columns = x.shape[column];
  const int64_t grain = std::max<int64_t>(16, (32 << 10) / std::max<int64_t>(columns, 1));
  parallel_for(x.shape[row], grain, [&](int64_t begin, int64_t end) {
    const auto size = static_cast<int64_t>(bytes);
    transpose(bytes, x.data + begin * size, sx, out.data + begin * so * size, so, end - begin,
              columns);
  });
  return true;
}

}  // namespace fast
}  // namespace lanewise::kernels
#endif  // HWY_ONCE
