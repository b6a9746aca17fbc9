// The k best elements of a run, best first: those that a stable sort would put in front. So of
// equals the lower index comes first, and the result does not depend on who looked at which part.
// A NaN is larger than any number, as NumPy sorts.
#pragma once

#include <cstdint>

#include "kernels/elementwise/operators.h"

namespace lanewise::kernels {

struct Largest {
  template <class T>
  LANEWISE_INLINE static bool better(T a, T b) {
    return (a > b) | ((a != a) & (b == b));
  }
};

struct Smallest {
  template <class T>
  LANEWISE_INLINE static bool better(T a, T b) {
    return Largest::better(b, a);
  }
};

template <class T>
struct Candidate {
  T value;
  int64_t index;
};

template <class Order, class T>
LANEWISE_INLINE bool comes_before(const Candidate<T>& a, const Candidate<T>& b) {
  return Order::better(a.value, b.value) || (!Order::better(b.value, a.value) && a.index < b.index);
}

}  // namespace lanewise::kernels
