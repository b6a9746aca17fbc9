// The vector functions: accuracy as promised, and the same bits wherever an element stands and
// whichever vectors the machine has.
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <random>
#include <type_traits>

#include "kernels/elementwise/accuracy.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/isa.h"
#include "kernels/simd.h"
// Targets must be limited before Highway is seen.
#include "hwy/highway.h"
#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

template <class T>
View view(const T* data, int64_t count, int64_t stride = 1) {
  T* memory = const_cast<T*>(data);
  return {reinterpret_cast<std::byte*>(memory), dtype_of<T>, {count}, {stride}};
}

template <class T>
std::vector<T> apply(Unary op, const std::vector<T>& x) {
  std::vector<T> y(x.size());
  const int64_t count = static_cast<int64_t>(x.size());
  fast::unary(op, view(x.data(), count), view(y.data(), count));
  return y;
}

// Where a function changes its formula or leaves its range, in either type.
constexpr double kThresholds[] = {0,
                                  0.34657359027997264,
                                  0.41421356237309503,
                                  0.65,
                                  0.78539816339744828,
                                  1.5707963267948966,
                                  3.1415926535897931,
                                  51471.854036415047,
                                  0x1p-13,
                                  0x1p-27,
                                  0x1p16,
                                  0x1p26,
                                  0.70710678118654757,
                                  1,
                                  2,
                                  4,
                                  6,
                                  10,
                                  17.328679513998633,
                                  20,
                                  40,
                                  87.336544750553102,
                                  88.4,
                                  89,
                                  104,
                                  710,
                                  88.722839111673,
                                  103.97207708399179,
                                  708.39641853226408,
                                  709.78271289338397,
                                  745.13321910194122,
                                  746,
                                  0.29289321881345248,
                                  0x1p-30,
                                  0x1p-60,
                                  0x1p-126,
                                  0x1p-1022,
                                  0x1p24,
                                  0x1p53};

// Around `center`, a number after the other.
template <class T>
void add_neighbours(T center, int count, std::vector<T>* all) {
  T up = center, down = center;
  for (int i = 0; i < count; ++i) {
    for (T x : {up, down}) all->insert(all->end(), {x, -x});
    up = std::nextafter(up, std::numeric_limits<T>::infinity());
    down = std::nextafter(down, T{0});
  }
}

// All exponents with the same number of mantissas, more of those that matter most, what lies about
// the thresholds, and the special values.
template <class T>
std::vector<T> sample() {
  using Limits = std::numeric_limits<T>;
  constexpr int kMantissa = Limits::digits - 1;
  constexpr BitsOf<T> kMask = (BitsOf<T>{1} << kMantissa) - 1;
  std::mt19937_64 random(1);
  std::vector<T> all{Limits::infinity(), -Limits::infinity(),  Limits::quiet_NaN(),  Limits::max(),
                     Limits::lowest(),   Limits::denorm_min(), -Limits::denorm_min()};
  const uint64_t exponents = (~BitsOf<T>{0} >> kMantissa) + uint64_t{1};
  for (uint64_t e = 0; e < exponents; ++e) {
    for (int i = 0; i < 32; ++i) {
      const uint64_t mantissa = i == 0 ? 0 : i == 1 ? kMask : random() & kMask;
      all.push_back(std::bit_cast<T>(static_cast<BitsOf<T>>(e << kMantissa | mantissa)));
    }
  }
  std::uniform_real_distribution<T> exponent(-12, 7);
  for (int i = 0; i < 100'000; ++i) {
    const T x = std::exp2(exponent(random));
    all.push_back(i % 2 ? x : -x);
  }
  for (double threshold : kThresholds) add_neighbours(static_cast<T>(threshold), 100, &all);
  return all;
}

template <class T, class Exact>
void expect_accurate(const Promise& p, Exact exact, double limit) {
  const std::vector<T> x = sample<T>(), y = apply(p.op, x);
  double worst = 0;
  T at{};
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double error = ulps(y[i], exact(x[i]));
    if (error > worst) worst = error, at = x[i];
  }
  EXPECT_LE(worst, limit) << p.name << " " << name(dtype_of<T>) << " of "
                          << ::testing::PrintToString(at);
}

TEST(Functions, KeepTheirPromise) {
  for (const Promise& p : kPromises) {
    expect_accurate<float>(p, p.exact, p.limit);
    expect_accurate<double>(p, p.exact_long, 2 * p.limit);
  }
}

// Some values of each kind in no order.
template <class T>
std::vector<T> mixture(std::size_t count) {
  std::vector<T> all = sample<T>(), some(count);
  std::mt19937 random(2);
  for (T& x : some) x = all[random() % all.size()];
  return some;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

// One by one.
template <class T>
std::vector<T> singly(Unary op, const std::vector<T>& x) {
  std::vector<T> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    fast::unary(op, view(&x[i], 1), view(&y[i], 1));
  }
  return y;
}

template <class T>
void expect_same_bits_at_any_length(Unary op) {
  const std::vector<T> all = mixture<T>(80), expected = singly(op, all);
  const T untouched = 123;
  for (std::size_t offset : {0, 1, 5}) {
    for (std::size_t count = 0; count <= 65; ++count) {
      std::vector<T> out(count + 20, untouched), wanted = out;
      std::copy_n(expected.begin() + static_cast<int64_t>(offset), count, wanted.begin() + 3);
      const int64_t n = static_cast<int64_t>(count);
      fast::unary(op, view(&all[offset], n), view(&out[3], n));
      ASSERT_TRUE(same_bits(out, wanted)) << static_cast<int>(op) << " count " << count;
      std::vector<T> in_place(all.begin() + static_cast<int64_t>(offset), all.end());
      fast::unary(op, view(in_place.data(), n), view(in_place.data(), n));
      in_place.resize(count);
      wanted.assign(wanted.begin() + 3, wanted.begin() + 3 + n);
      ASSERT_TRUE(same_bits(in_place, wanted)) << static_cast<int>(op) << " in place " << count;
    }
  }
}

template <class T>
void expect_same_bits_at_any_stride(Unary op) {
  constexpr int64_t kCount = 600;  // more than the buffer of the strided loop
  const std::vector<T> all = mixture<T>(3 * kCount), expected = singly(op, all);
  for (int64_t sx : {1, 2, -1, 0}) {
    for (int64_t so : {1, 2, -1}) {
      const int64_t from = sx < 0 ? kCount - 1 : 0, to = so < 0 ? kCount - 1 : 0;
      std::vector<T> out(3 * kCount, 1), wanted = out;
      for (int64_t i = 0; i < kCount; ++i) {
        wanted[static_cast<std::size_t>(to + i * so)] =
            expected[static_cast<std::size_t>(from + i * sx)];
      }
      fast::unary(op, view(&all[static_cast<std::size_t>(from)], kCount, sx),
                  view(&out[static_cast<std::size_t>(to)], kCount, so));
      ASSERT_TRUE(same_bits(out, wanted)) << static_cast<int>(op) << " " << sx << " " << so;
    }
  }
}

TEST(Functions, SameBitsWhereverAnElementStands) {
  for (const Promise& p : kPromises) {
    expect_same_bits_at_any_length<float>(p.op);
    expect_same_bits_at_any_length<double>(p.op);
    expect_same_bits_at_any_stride<float>(p.op);
    expect_same_bits_at_any_stride<double>(p.op);
  }
}

// Runs the fast kernels on one target of Highway for a while.
struct OnlyTarget {
  explicit OnlyTarget(int64_t target) { set(target); }
  ~OnlyTarget() { set(before); }
  static void set(int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().DeInit();
  }
  const int64_t before = hwy::SupportedTargets();
};

template <class T>
void expect_same_bits_on_all_targets(const Promise& p) {
  const std::vector<T> x = mixture<T>(20'000), expected = apply(p.op, x);
  for (int64_t rest = hwy::SupportedTargets() & HWY_TARGETS; rest != 0; rest &= rest - 1) {
    const OnlyTarget target(rest & -rest);
    const std::vector<T> y = apply(p.op, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const bool same = std::bit_cast<BitsOf<T>>(y[i]) == std::bit_cast<BitsOf<T>>(expected[i]);
      if (same || (std::isnan(y[i]) && std::isnan(expected[i]))) continue;
      ADD_FAILURE() << p.name << " of " << ::testing::PrintToString(x[i]) << " on " << isa_name();
      return;
    }
  }
}

TEST(Functions, SameBitsOnAllTargets) {
  for (const Promise& p : kPromises) {
    expect_same_bits_on_all_targets<float>(p);
    expect_same_bits_on_all_targets<double>(p);
  }
}

// ---- power, of pairs

template <class T>
std::vector<T> powers(const std::vector<T>& x, const std::vector<T>& y) {
  std::vector<T> result(x.size());
  const int64_t count = static_cast<int64_t>(x.size());
  fast::binary(Binary::power, view(x.data(), count), view(y.data(), count),
               view(result.data(), count));
  return result;
}

template <class T>
struct Pairs {
  std::vector<T> x, y;
  void add(T base, T exponent) {
    x.push_back(base);
    y.push_back(exponent);
  }
};

// All pairs of special values, any bits with one another, and results of any size: bases of all
// sizes and near 1, with exponents that just keep them within range.
template <class T>
Pairs<T> pairs() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> special{0,
                         T(-0.0),
                         1,
                         -1,
                         2,
                         -2,
                         0.5,
                         -0.5,
                         3,
                         -3,
                         4,
                         1.5,
                         1e9,
                         7,
                         -7,
                         T(1) / 3,
                         1e30f,
                         -1e30f,
                         1e-30f,
                         Limits::infinity(),
                         -Limits::infinity(),
                         Limits::quiet_NaN(),
                         Limits::max(),
                         Limits::lowest(),
                         Limits::min(),
                         Limits::denorm_min(),
                         -Limits::denorm_min(),
                         std::nextafter(T{1}, T{0}),
                         std::nextafter(T{1}, T{2}),
                         std::exp2(T(Limits::digits)),
                         std::exp2(T(Limits::digits)) - 1,
                         std::exp2(T(Limits::digits + 1)),
                         1 - std::exp2(T(Limits::digits))};
  Pairs<T> all;
  for (T x : special)
    for (T y : special) all.add(x, y);
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> unit(-1, 1);
  constexpr int kCount = 100'000;
  const double end = Limits::max_exponent;
  for (int i = 0; i < kCount; ++i) {
    all.add(std::bit_cast<T>(static_cast<BitsOf<T>>(random())),
            std::bit_cast<T>(static_cast<BitsOf<T>>(random())));
    const T sized = static_cast<T>(std::exp2(end * unit(random)));
    all.add(sized, static_cast<T>(1.1 * end * unit(random) / std::log2(sized)));
    const T close = static_cast<T>(1 + std::exp2(-10 + 10 * unit(random)) * unit(random));
    all.add(close, static_cast<T>(1.1 * end * unit(random) / std::log2(close)));
    all.add(static_cast<T>(20 * unit(random)), static_cast<T>(static_cast<int>(30 * unit(random))));
  }
  return all;
}

template <class T, class Wide>
void expect_accurate_powers(double limit) {
  const Pairs<T> p = pairs<T>();
  const std::vector<T> result = powers(p.x, p.y);
  double worst = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double error =
        ulps(result[i], std::pow(static_cast<Wide>(p.x[i]), static_cast<Wide>(p.y[i])));
    if (error > worst) worst = error, at = i;
  }
  EXPECT_LE(worst, limit) << name(dtype_of<T>) << " " << ::testing::PrintToString(p.x[at])
                          << " to the power " << ::testing::PrintToString(p.y[at]) << " gives "
                          << ::testing::PrintToString(result[at]);
}

TEST(Power, KeepsItsPromise) {
  expect_accurate_powers<float, double>(kPowerLimit);
  expect_accurate_powers<double, long double>(2 * kPowerLimit);
}

template <class T>
void expect_same_powers_on_all_targets() {
  const Pairs<T> p = pairs<T>();
  const std::vector<T> expected = powers(p.x, p.y);
  for (int64_t rest = hwy::SupportedTargets() & HWY_TARGETS; rest != 0; rest &= rest - 1) {
    const OnlyTarget target(rest & -rest);
    const std::vector<T> result = powers(p.x, p.y);
    for (std::size_t i = 0; i < result.size(); ++i) {
      const auto bits = std::bit_cast<BitsOf<T>>(result[i]);
      if (bits == std::bit_cast<BitsOf<T>>(expected[i])) continue;
      ASSERT_TRUE(std::isnan(result[i]) && std::isnan(expected[i]))
          << p.x[i] << " to the power " << p.y[i] << " on " << isa_name();
    }
  }
}

TEST(Power, SameBitsOnAllTargets) {
  expect_same_powers_on_all_targets<float>();
  expect_same_powers_on_all_targets<double>();
}

// Bases and exponents at strides, single ones, results at strides and over the bases.
template <class T>
void expect_same_powers_at_any_stride() {
  constexpr int64_t kCount = 600;
  const Pairs<T> p = pairs<T>();
  const auto start = p.x.end() - 3 * kCount;
  const std::vector<T> x(start, p.x.end()), y(p.y.end() - 3 * kCount, p.y.end());
  for (int64_t sx : {0, 1, 2, -1}) {
    for (int64_t sy : {0, 1, 3, -1}) {
      for (int64_t so : {1, 2, -1}) {
        for (int64_t count : {0, 1, 3, 5, 17, 600}) {
          const auto first = [&](int64_t stride) { return stride < 0 ? count : int64_t{0}; };
          std::vector<T> out(3 * kCount, 1), wanted = out;
          for (int64_t i = 0; i < count; ++i) {
            const auto at = [&](int64_t stride) {
              return static_cast<std::size_t>(first(stride) + i * stride);
            };
            wanted[at(so)] = powers<T>({x[at(sx)]}, {y[at(sy)]})[0];
          }
          fast::binary(Binary::power, view(x.data() + first(sx), count, sx),
                       view(y.data() + first(sy), count, sy),
                       view(out.data() + first(so), count, so));
          ASSERT_TRUE(same_bits(out, wanted)) << sx << " " << sy << " " << so << " " << count;
        }
      }
    }
  }
  std::vector<T> in_place(x.begin(), x.begin() + 17);
  const std::vector<T> exponents(y.begin(), y.begin() + 17), wanted = powers(in_place, exponents);
  fast::binary(Binary::power, view(in_place.data(), 17), view(exponents.data(), 17),
               view(in_place.data(), 17));
  EXPECT_TRUE(same_bits(in_place, wanted));
}

TEST(Power, SameBitsWhereverAnElementStands) {
  expect_same_powers_at_any_stride<float>();
  expect_same_powers_at_any_stride<double>();
}

}  // namespace
}  // namespace lanewise::kernels
