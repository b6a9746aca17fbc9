#include "kernels/elementwise/elementwise.h"
#include "base/testing.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <span>

#include "kernels/elementwise/compound.h"
#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

constexpr int kUnaryCount = static_cast<int>(Unary::logical_not) + 1;
constexpr int kBinaryCount = static_cast<int>(Binary::logical_or) + 1;

// How far the functions of libm and ours may be from each other, in ULP; neither is exact.
// How far ours may be from the truth: math_test.cc.
constexpr double kApart = 3;

bool takes(Unary op, DType d) {
  if (op == Unary::logical_not) return true;
  if (op >= Unary::exp && op <= Unary::cos) return is_float(d);
  return !is_bool(d);
}
bool takes(Binary op, DType d) { return op != Binary::divide || is_float(d); }

DType result(Unary op, DType d) { return op == Unary::logical_not ? DType::bool_ : d; }
DType result(Binary op, DType d) { return op >= Binary::equal ? DType::bool_ : d; }

const Shape kShapes[] = {{},     {0},     {1},     {7},     {16},      {33}, {3, 0},
                         {5, 1}, {1, 17}, {4, 31}, {9, 16}, {2, 3, 5}, {65}, {2, 1, 33}};

TEST(Elementwise, UnaryAgreesWithReference) {
  uint32_t seed = 1;
  for (int i = 0; i < kUnaryCount; ++i) {
    const Unary op = static_cast<Unary>(i);
    for (DType d : kDTypes) {
      if (!takes(op, d)) continue;
      for (const Shape& shape : kShapes) {
        for (Layout layout : kLayouts) {
          const Tensor x = random(d, shape, layout, ++seed, Values::special);
          const Layout out = kOutLayouts[seed % 4];
          const Tensor fast = make(result(op, d), shape, out), slow = make(fast.dtype, shape);
          fast::unary(op, x, fast);
          reference::unary(op, x, slow);
          expect_close(fast, slow, kApart, "unary " + std::to_string(i) + " " + text(d));
        }
      }
    }
  }
}

TEST(Elementwise, BinaryAgreesWithReference) {
  uint32_t seed = 1;
  for (int i = 0; i < kBinaryCount; ++i) {
    const Binary op = static_cast<Binary>(i);
    for (DType d : kDTypes) {
      if (!takes(op, d)) continue;
      for (const Shape& shape : kShapes) {
        for (Layout left : kLayouts) {
          for (Layout right : kLayouts) {
            const Tensor a = random(d, shape, left, ++seed, Values::special);
            const Tensor b = random(d, shape, right, ++seed,
                                    op == Binary::power ? Values::plain : Values::special);
            if (op == Binary::power && is_integer(d)) {
              const Tensor signed_b = b;
              fast::unary(Unary::abs, signed_b, b);
            }
            const Tensor fast = make(result(op, d), shape, kOutLayouts[seed % 4]);
            const Tensor slow = make(fast.dtype, shape);
            fast::binary(op, a, b, fast);
            reference::binary(op, a, b, slow);
            expect_close(fast, slow, op == Binary::power ? kApart : 0,
                         "binary " + std::to_string(i) + " " + text(d));
          }
        }
      }
    }
  }
}

TEST(Elementwise, WhereAgreesWithReference) {
  uint32_t seed = 1;
  for (DType d : kDTypes) {
    for (const Shape& shape : kShapes) {
      for (Layout first : kLayouts) {
        for (Layout second : kLayouts) {
          const Tensor c = random(DType::bool_, shape, first, ++seed);
          const Tensor a = random(d, shape, second, ++seed, Values::special);
          const Tensor b = random(d, shape, first, ++seed, Values::special);
          const Tensor fast = make(d, shape, kOutLayouts[seed % 4]), slow = make(d, shape);
          fast::where(c, a, b, fast);
          reference::where(c, a, b, slow);
          expect_same(fast, slow, "where " + text(d));
        }
      }
    }
  }
}

// Each compound against its operations one after the other.
template <class Expression>
struct OneByOne;
template <int I>
struct OneByOne<Argument<I>> {
  static View run(std::span<const View> arguments) { return arguments[I]; }
};
template <class Operator, class... Operands>
struct OneByOne<Apply<Operator, Operands...>> {
  static Tensor run(std::span<const View> arguments) {
    const auto x = std::tuple(OneByOne<Operands>::run(arguments)...);
    const View& first = std::get<0>(x);
    const Tensor out =
        make(std::is_same_v<Operator, Less> ? DType::bool_ : first.dtype, first.shape);
    if constexpr (std::is_same_v<Operator, Select>) {
      const Tensor chosen = make(View(std::get<1>(x)).dtype, first.shape);
      reference::where(first, std::get<1>(x), std::get<2>(x), chosen);
      return chosen;
    } else if constexpr (std::is_same_v<Operator, OuterProduct>) {
      with_type(out.dtype, [&]<class T>(std::type_identity<T>) {
        const View second = std::get<1>(x);
        for (int64_t i = 0; i < out.size(); ++i)
          out.as<T>()[i] = static_cast<T>(std::fma(first.as<T>()[i * first.strides[0]],
                                                   second.as<T>()[i * second.strides[0]], T{0}));
      });
    } else if constexpr (std::is_same_v<Operator, Sqrt>) {
      reference::unary(Unary::sqrt, first, out);
    } else {
      constexpr Binary op = std::is_same_v<Operator, Add>        ? Binary::add
                            : std::is_same_v<Operator, Subtract> ? Binary::subtract
                            : std::is_same_v<Operator, Multiply> ? Binary::multiply
                            : std::is_same_v<Operator, Divide>   ? Binary::divide
                                                                 : Binary::less;
      reference::binary(op, first, std::get<1>(x), out);
    }
    return out;
  }
};

template <class Expression>
void check_compound(int which) {
  constexpr int kCount = compounds::kArguments<Expression>;
  uint32_t seed = 1;
  for (DType d : {DType::float32, DType::float64})
    for (int64_t size : {0, 1, 15, 63, 64, 65, 200})
      for (int repeated = -1; repeated < kCount; ++repeated) {
        std::vector<Tensor> tensors;
        std::vector<View> arguments;
        std::vector<std::byte*> data;
        std::vector<int64_t> strides;
        for (int k = 0; k < kCount; ++k) {
          const bool repeats = k == repeated;
          tensors.push_back(
              random(d, {repeats ? 1 : size}, Layout::row_major, ++seed, Values::special));
          arguments.push_back(repeats ? broadcast_view(tensors.back(), {size}) : tensors.back());
          data.push_back(arguments.back().data);
          strides.push_back(repeats ? 0 : 1);
        }
        const Tensor fast = make(d, {size});
        data.push_back(fast.data);
        strides.push_back(1);
        fast::compound_loop(which, d)(data.data(), strides.data(), size);
        expect_same(fast, OneByOne<Expression>::run(arguments),
                    "compound " + std::to_string(which) + " " + text(d));
      }
}

TEST(Elementwise, CompoundsHaveTheBitsOfTheirOperations) {
  int which = 0;
  [&]<class... Expressions>(std::tuple<Expressions...>*) {
    (check_compound<Expressions>(which++), ...);
  }(static_cast<compounds::List*>(nullptr));
}

TEST(Elementwise, LargeArraysOnAnyNumberOfThreads) {
  const Shape shape{311, 521};
  const Tensor x = random(DType::float32, shape, Layout::row_major, 1);
  const Tensor b = random(DType::float32, shape, Layout::transposed, 2);
  const Tensor slow = make(DType::float32, shape), fast = make(DType::float32, shape);
  for (int threads : {1, 2, 3}) {
    const WithThreads with(threads);
    reference::binary(Binary::add, x, b, slow);
    fast::binary(Binary::add, x, b, fast);
    expect_same(fast, slow, "add");
    reference::unary(Unary::sigmoid, x, slow);
    fast::unary(Unary::sigmoid, x, fast);
    expect_close(fast, slow, kApart, "sigmoid");
  }
}

// Against the same in pieces, which stay in the caches.
TEST(Elementwise, LargeResultsGoAroundTheCaches) {
  constexpr int64_t kSize = (33 << 20) / 4 + 7;
  const Tensor room = make(DType::float32, {3 * kSize + 3});
  // From an element that begins no line.
  const auto part = [&](int64_t at) {
    return slice_view(room, {at * (kSize + 1) + 1}, {kSize}, {1});
  };
  const View x = part(0), y = part(1), out = part(2);
  for (int64_t i = 0; i < kSize; ++i) {
    x.as<float>()[i] = static_cast<float>(i % 1013 - 500) / 64;
    y.as<float>()[i] = static_cast<float>(i % 37 + 1);
  }
  const Tensor flags = make(DType::bool_, {kSize});
  fast::binary(Binary::less, x, y, flags);
  const auto expect = [&](const std::function<void(int64_t begin, int64_t end, const View& to)>& f,
                          const std::string& what) {
    constexpr int64_t kSome = 5003;
    const Tensor expected = make(DType::float32, {kSome});
    for (int64_t begin = 0; begin < kSize; begin += kSome) {
      const int64_t end = std::min(kSize, begin + kSome);
      const View few = slice_view(expected, {0}, {end - begin}, {1});
      f(begin, end, few);
      ASSERT_EQ(std::memcmp(few.data, out.as<float>() + begin,
                            static_cast<std::size_t>(end - begin) * sizeof(float)),
                0)
          << what << " from " << begin;
    }
  };
  const auto some = [](const View& v, int64_t begin, int64_t end) {
    return slice_view(v, {begin}, {end - begin}, {1});
  };
  const View number = broadcast_view(some(y, 5, 6), {kSize});
  for (int threads : {1, 2}) {
    const WithThreads with(threads);
    for (Unary op : {Unary::tanh, Unary::abs}) {
      fast::unary(op, x, out);
      expect([&](int64_t b, int64_t e, const View& to) { fast::unary(op, some(x, b, e), to); },
             "unary");
    }
    for (const View& right : {y, number}) {
      fast::binary(Binary::multiply, x, right, out);
      expect(
          [&](int64_t b, int64_t e, const View& to) {
            fast::binary(Binary::multiply, some(x, b, e), some(right, b, e), to);
          },
          "binary");
    }
    fast::where(flags, x, y, out);
    expect(
        [&](int64_t b, int64_t e, const View& to) {
          fast::where(some(flags, b, e), some(x, b, e), some(y, b, e), to);
        },
        "where");
  }
  fast::unary(Unary::sigmoid, x, out);
  fast::unary(Unary::sigmoid, x, x);
  EXPECT_EQ(std::memcmp(x.data, out.data, kSize * sizeof(float)), 0) << "in place";
}

// Values that NumPy gives.
template <class T>
T one(Unary op, T x) {
  T in = x, out{};
  const View a{reinterpret_cast<std::byte*>(&in), dtype_of<T>, {}, {}};
  const View o{reinterpret_cast<std::byte*>(&out), dtype_of<T>, {}, {}};
  fast::unary(op, a, o);
  return out;
}
template <class T>
T one(Binary op, T x, T y) {
  T out{};
  const View a{reinterpret_cast<std::byte*>(&x), dtype_of<T>, {}, {}};
  const View b{reinterpret_cast<std::byte*>(&y), dtype_of<T>, {}, {}};
  const View o{reinterpret_cast<std::byte*>(&out), dtype_of<T>, {}, {}};
  fast::binary(op, a, b, o);
  return out;
}

TEST(Elementwise, SpecialValues) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(one(Unary::sigmoid, -1000.0f), 0);
  EXPECT_EQ(one(Unary::sigmoid, 1000.0f), 1);
  EXPECT_EQ(one(Unary::sigmoid, 0.0), 0.5);
  EXPECT_GT(one(Unary::sigmoid, -80.0f), 0);
  EXPECT_EQ(one(Unary::exp, -inf), 0);
  EXPECT_EQ(one(Unary::exp, inf), inf);
  EXPECT_EQ(one(Unary::exp, 0.0f), 1);
  EXPECT_EQ(one(Unary::tanh, inf), 1);
  EXPECT_TRUE(std::signbit(one(Unary::tanh, -0.0f)));
  EXPECT_EQ(one(Unary::log, 0.0f), -inf);
  EXPECT_TRUE(std::isnan(one(Unary::log, -1.0f)));
  EXPECT_TRUE(std::isnan(one(Unary::sign, nan)));
  EXPECT_EQ(one(Unary::abs, std::numeric_limits<int32_t>::lowest()),
            std::numeric_limits<int32_t>::lowest());
  EXPECT_EQ(one(Unary::negative, int8_t{-128}), -128);
  for (Binary op : {Binary::maximum, Binary::minimum}) {
    EXPECT_TRUE(std::isnan(one(op, nan, 1.0f)));
    EXPECT_TRUE(std::isnan(one(op, 1.0f, nan)));
  }
  EXPECT_EQ(one(Binary::add, std::numeric_limits<int64_t>::max(), int64_t{1}),
            std::numeric_limits<int64_t>::lowest());
  EXPECT_EQ(one(Binary::multiply, int32_t{65536}, int32_t{65536}), 0);
  EXPECT_EQ(one(Binary::power, int32_t{3}, int32_t{4}), 81);
  EXPECT_EQ(one(Binary::power, int64_t{-2}, int64_t{63}), std::numeric_limits<int64_t>::lowest());
  EXPECT_EQ(one(Binary::divide, 1.0f, 0.0f), inf);
}

TEST(Elementwise, OutputMayBeAnInput) {
  for (Layout layout : kOutLayouts) {
    const Shape shape{5, 67};
    const Tensor x = random(DType::float32, shape, layout, 3),
                 y = random(DType::float32, shape, layout, 4);
    const Tensor expected = make(DType::float32, shape);
    reference::binary(Binary::subtract, x, y, expected);
    fast::binary(Binary::subtract, x, y, y);
    expect_same(y, expected, "in place");
  }
}

}  // namespace
}  // namespace lanewise::kernels
