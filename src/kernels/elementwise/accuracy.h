// What the vector functions promise, and how it is measured: by their tests and by bench/ulp.cc.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "kernels/kernels.h"

namespace lanewise::kernels {

// The error of a result in units in the last place of the exact value, which `Wide` holds well
// enough. Infinite where one is NaN or infinite and the other not, or the signs of zeros differ.
template <class T, class Wide>
double ulps(T result, Wide exact) {
  using Limits = std::numeric_limits<T>;
  const double wrong = std::numeric_limits<double>::infinity();
  if (std::isnan(result) || std::isnan(exact))
    return std::isnan(result) == std::isnan(exact) ? 0 : wrong;
  if (std::signbit(result) != std::signbit(exact)) return wrong;
  if (result == static_cast<T>(exact) && (exact == 0 || std::isinf(result))) return 0;
  if (std::isinf(result) || std::isinf(exact)) return wrong;
  const int exponent = exact == 0 ? Limits::min_exponent : std::ilogb(exact) + 1;
  const int last = std::max(exponent, Limits::min_exponent) - Limits::digits;
  return static_cast<double>(std::ldexp(std::fabs(static_cast<Wide>(result) - exact), -last));
}

template <class Wide>
Wide exact_sigmoid(Wide x) {
  const Wide e = std::exp(-std::fabs(x));
  return (x < 0 ? e : Wide{1}) / (Wide{1} + e);
}

// The largest error in ULP: `limit` for float32, twice that for float64.
struct Promise {
  std::string_view name;
  Unary op;
  double limit;
  double (*exact)(double);                 // to measure float32
  long double (*exact_long)(long double);  // to measure float64
};

inline constexpr Promise kPromises[] = {
    {"exp", Unary::exp, 1, std::exp, std::exp},
    {"expm1", Unary::expm1, 1, std::expm1, std::expm1},
    {"log", Unary::log, 1, std::log, std::log},
    {"log1p", Unary::log1p, 1, std::log1p, std::log1p},
    {"tanh", Unary::tanh, 2, std::tanh, std::tanh},
    {"sigmoid", Unary::sigmoid, 2, exact_sigmoid<double>, exact_sigmoid<long double>},
    {"erf", Unary::erf, 2, std::erf, std::erf},
    {"sin", Unary::sin, 1, std::sin, std::sin},
    {"cos", Unary::cos, 1, std::cos, std::cos},
};

// Of power; float64: twice that.
inline constexpr double kPowerLimit = 1;

}  // namespace lanewise::kernels
