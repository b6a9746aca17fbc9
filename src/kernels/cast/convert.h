// One element of a cast, without branches and without undefined behaviour.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

namespace lanewise::kernels {

// The float truncated to an integer, saturated; NaN gives 0.
template <class To, class From>
[[gnu::always_inline]] inline To saturate(From x) {
  // The lowest integer and the one above the highest: powers of two or 0, so exact.
  constexpr From low = static_cast<From>(std::numeric_limits<To>::lowest());
  constexpr From high = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) * From{2};
  const bool below = x <= low, above = x >= high, nan = x != x;
  const To inside = static_cast<To>(below | above | nan ? From{0} : x);
  return below   ? std::numeric_limits<To>::lowest()
         : above ? std::numeric_limits<To>::max()
                 : inside;
}

template <class To, class From>
[[gnu::always_inline]] inline To convert(From x) {
  if constexpr (std::is_same_v<To, bool>) return x != From{0};
  else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>)
    return saturate<To>(x);
  else return static_cast<To>(x);
}

}  // namespace lanewise::kernels
