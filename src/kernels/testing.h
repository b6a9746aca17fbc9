// What the tests of the kernels share: awkward views full of awkward values, and
// comparison of two views.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/tensor.h"

namespace lanewise::kernels::testing {

enum class Layout { row_major, transposed, reversed, stepped, repeated };
inline constexpr Layout kLayouts[] = {Layout::row_major, Layout::transposed, Layout::reversed,
                                      Layout::stepped, Layout::repeated};
inline constexpr Layout kOutLayouts[] = {Layout::row_major, Layout::transposed, Layout::reversed,
                                         Layout::stepped};
inline constexpr DType kDTypes[] = {DType::bool_, DType::int8,    DType::uint8,  DType::int32,
                                    DType::int64, DType::float32, DType::float64};

// An uninitialised tensor of `shape` in the given layout; `repeated` has stride 0 on its last axis.
inline Tensor make(DType dtype, const Shape& shape, Layout layout = Layout::row_major) {
  const int rank = shape.rank();
  const int64_t bytes = static_cast<int64_t>(size_of(dtype));
  Tensor t;
  if (layout == Layout::transposed) {
    Shape flipped;
    for (int i = rank - 1; i >= 0; --i) flipped.push_back(shape[i]);
    t = Tensor::empty(dtype, flipped);
    for (int i = 0; i < rank / 2; ++i) std::swap(t.strides[i], t.strides[rank - 1 - i]);
  } else if (layout == Layout::stepped && rank > 0) {
    Shape wide = shape;
    wide[rank - 1] *= 3;
    t = Tensor::empty(dtype, wide);
    t.strides[rank - 1] *= 3;
  } else {
    t = Tensor::empty(dtype, shape);
  }
  t.shape = shape;
  if (layout == Layout::repeated && rank > 0) t.strides[rank - 1] = 0;
  if (layout == Layout::reversed && t.size() > 0) {
    for (int i = 0; i < rank; ++i) {
      t.data += (shape[i] - 1) * t.strides[i] * bytes;
      t.strides[i] = -t.strides[i];
    }
  }
  return t;
}

// Calls f(element address, row-major index) for every element.
template <class T, class F>
void each(const View& v, F f) {
  const int last = v.rank() - 1;
  std::vector<int64_t> index(static_cast<std::size_t>(v.rank()));
  T* at = v.as<T>();
  for (int64_t n = 0, size = v.size(); n < size; ++n) {
    f(at, n);
    for (int axis = last; axis >= 0; --axis) {
      int64_t& i = index[static_cast<std::size_t>(axis)];
      at += v.strides[axis];
      if (++i < v.shape[axis]) break;
      at -= i * v.strides[axis];
      i = 0;
    }
  }
}

// The elements in row-major order.
template <class T>
std::vector<T> values(const View& v) {
  std::vector<T> result(static_cast<std::size_t>(v.size()));
  each<T>(v, [&](const T* x, int64_t i) { result[static_cast<std::size_t>(i)] = *x; });
  return result;
}

// SplitMix64.
class Bits {
 public:
  explicit Bits(uint32_t seed) : state_(seed) {}
  uint32_t operator()() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return static_cast<uint32_t>(z >> 32);
  }

 private:
  uint64_t state_;
};

enum class Values { plain, special };

// plain: floats in [-2, 2), small integers. special: also NaN, infinities, zeros of
// both signs, huge, tiny and extreme values.
inline void fill(const View& v, uint32_t seed, Values kind = Values::plain) {
  Bits bits(seed);
  with_type(v.dtype, [&]<class T>(std::type_identity<T>) {
    using Limits = std::numeric_limits<T>;
    each<T>(v, [&](T* x, int64_t) {
      const uint32_t r = bits();
      if constexpr (std::is_same_v<T, bool>) {
        *x = r & 1;
      } else if constexpr (std::is_floating_point_v<T>) {
        static constexpr T kSpecial[] = {Limits::quiet_NaN(),
                                         Limits::infinity(),
                                         -Limits::infinity(),
                                         T{0},
                                         -T{0},
                                         Limits::max(),
                                         Limits::lowest(),
                                         Limits::denorm_min(),
                                         T{1},
                                         T{-1},
                                         T(88.7),
                                         T(-103.5),
                                         T(0.5),
                                         T(-1.5),
                                         T(1e5),
                                         T(3e9)};
        *x = kind == Values::special && r % 3 == 0 ? kSpecial[r / 3 % 16]
                                                   : static_cast<T>(r * 0x1p-30 - 2);
      } else {
        static constexpr T kSpecial[] = {Limits::max(), Limits::lowest(), T{0}, T{1}};
        *x = kind == Values::special && r % 3 == 0
                 ? kSpecial[r / 3 % 4]
                 : static_cast<T>(int(r % 19) - (Limits::is_signed ? 9 : 0));
      }
    });
  });
}

inline Tensor random(DType dtype, const Shape& shape, Layout layout, uint32_t seed,
                     Values kind = Values::plain) {
  Tensor t = make(dtype, shape, layout);
  fill(t, seed, kind);
  return t;
}

// Equal within `ulps` units in the last place; NaN equals NaN, 0 equals -0.
template <class T>
bool close(T a, T b, double ulps) {
  if constexpr (std::is_floating_point_v<T>) {
    if (a != a || b != b) return a != a && b != b;
    if (a == b) return true;
    if (std::isinf(a) || std::isinf(b)) return false;
    const T scale = std::max(std::fabs(a), std::fabs(b));
    const T unit = std::nextafter(scale, std::numeric_limits<T>::infinity()) - scale;
    return std::fabs(a - b) <= ulps * unit;
  } else {
    return a == b;
  }
}

inline void expect_close(const View& actual, const View& expected, double ulps,
                         const std::string& what) {
  ASSERT_EQ(actual.dtype, expected.dtype) << what;
  ASSERT_TRUE(actual.shape == expected.shape) << what;
  with_type(actual.dtype, [&]<class T>(std::type_identity<T>) {
    const auto a = values<T>(actual), e = values<T>(expected);
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (close(T(a[i]), T(e[i]), ulps)) continue;
      ADD_FAILURE() << what << " element " << i << " of " << to_string(actual.shape) << ": "
                    << +a[i] << " instead of " << +e[i];
      return;
    }
  });
}

// To the bit, except that NaNs are alike.
inline void expect_same(const View& actual, const View& expected, const std::string& what) {
  expect_close(actual, expected, 0, what);
}

// with_type for float32 and float64 only.
template <class F>
void with_float(DType dtype, F f) {
  if (dtype == DType::float32) f(std::type_identity<float>{});
  else f(std::type_identity<double>{});
}

inline std::string text(DType d) { return std::string(name(d)); }

}  // namespace lanewise::kernels::testing
