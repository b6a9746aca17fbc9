// The operators as small structs: operator() is the equation, takes<T> says for
// which types. They are written without branches, so that a compiler can make
// vectors of them, and without undefined behaviour: integers wrap.
#pragma once

#include <cmath>
#include <cstdint>
#include <tuple>
#include <type_traits>

namespace lanewise::kernels {

#define LANEWISE_INLINE [[gnu::always_inline]] inline

// The unsigned type in which an integer T computes, wide enough not to be promoted to int.
template <class T>
using Wrapped = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

template <class T>
inline constexpr bool is_bool_type = std::is_same_v<T, bool>;
template <class T>
inline constexpr bool is_integer_type = std::is_integral_v<T> && !is_bool_type<T>;
template <class T>
inline constexpr bool is_float_type = std::is_floating_point_v<T>;

template <class T>
LANEWISE_INLINE Wrapped<T> wrapped(T x) {
  return static_cast<Wrapped<T>>(x);
}

struct TakesAll {
  template <class T>
  static constexpr bool takes = true;
};
struct TakesNumbers {
  template <class T>
  static constexpr bool takes = !is_bool_type<T>;
};
struct TakesFloats {
  template <class T>
  static constexpr bool takes = is_float_type<T>;
};

// ---- unary

struct Negative : TakesNumbers {
  template <class T>
  LANEWISE_INLINE T operator()(T x) const {
    if constexpr (is_float_type<T>) return -x;
    else return static_cast<T>(0 - wrapped(x));
  }
};
struct Abs : TakesNumbers {
  template <class T>
  LANEWISE_INLINE T operator()(T x) const {
    if constexpr (is_float_type<T>) return std::fabs(x);
    else if constexpr (std::is_unsigned_v<T>) return x;
    else return x < 0 ? static_cast<T>(0 - wrapped(x)) : x;
  }
};
struct Sign : TakesNumbers {
  template <class T>
  LANEWISE_INLINE T operator()(T x) const {
    if constexpr (is_float_type<T>) {
      // Of -0 0, of a NaN itself. One choice within another would not become vectors with AVX2.
      const T above = x > T{0} ? T{1} : T{0}, below = x < T{0} ? T{1} : T{0};
      const T sign = above - below;
      return x == x ? sign : x;
    } else {
      return static_cast<T>((x > T{0}) - (x < T{0}));
    }
  }
};
struct Sqrt : TakesFloats {
  template <class T>
  LANEWISE_INLINE T operator()(T x) const {
    return std::sqrt(x);
  }
};
struct Floor : TakesNumbers {
  template <class T>
  LANEWISE_INLINE T operator()(T x) const {
    if constexpr (is_float_type<T>) return std::floor(x);
    else return x;
  }
};
struct LogicalNot : TakesAll {
  template <class T>
  LANEWISE_INLINE bool operator()(T x) const {
    return x == T{0};
  }
};

#define LANEWISE_LIBM(Name, expression)       \
  struct Name : TakesFloats {                 \
    template <class T>                        \
    LANEWISE_INLINE T operator()(T x) const { \
      return expression;                      \
    }                                         \
  };
LANEWISE_LIBM(Exp, std::exp(x))
LANEWISE_LIBM(Log, std::log(x))
LANEWISE_LIBM(Log1p, std::log1p(x))
LANEWISE_LIBM(Expm1, std::expm1(x))
LANEWISE_LIBM(Tanh, std::tanh(x))
LANEWISE_LIBM(Erf, std::erf(x))
LANEWISE_LIBM(Sin, std::sin(x))
LANEWISE_LIBM(Cos, std::cos(x))
#undef LANEWISE_LIBM

// 1 - e / (1 + e), or e times that where x is negative: exp of a negative number only, so that
// neither overflows, and the errors of the quotient weigh less the smaller it is.
struct Sigmoid : TakesFloats {
  template <class T>
  LANEWISE_INLINE T operator()(T x) const {
    const T e = std::exp(-std::fabs(x));
    const T factor = x < T{0} ? e : T{1};
    return factor - factor * (e / (T{1} + e));
  }
};

// ---- binary

struct Add : TakesAll {
  template <class T>
  LANEWISE_INLINE T operator()(T a, T b) const {
    if constexpr (is_bool_type<T>) return a | b;
    else if constexpr (is_float_type<T>) return a + b;
    else return static_cast<T>(wrapped(a) + wrapped(b));
  }
};
struct Subtract : TakesAll {
  template <class T>
  LANEWISE_INLINE T operator()(T a, T b) const {
    if constexpr (is_bool_type<T>) return a ^ b;
    else if constexpr (is_float_type<T>) return a - b;
    else return static_cast<T>(wrapped(a) - wrapped(b));
  }
};
struct Multiply : TakesAll {
  template <class T>
  LANEWISE_INLINE T operator()(T a, T b) const {
    if constexpr (is_bool_type<T>) return a & b;
    else if constexpr (is_float_type<T>) return a * b;
    else return static_cast<T>(wrapped(a) * wrapped(b));
  }
};
struct Divide : TakesFloats {
  template <class T>
  LANEWISE_INLINE T operator()(T a, T b) const {
    return a / b;
  }
};
struct Power : TakesAll {
  template <class T>
  T operator()(T a, T b) const {
    if constexpr (is_bool_type<T>) return a | !b;
    else if constexpr (is_float_type<T>) return std::pow(a, b);
    else return integer_power(a, b);
  }

 private:
  template <class T>
  static T integer_power(T base, T exponent) {
    Wrapped<T> result = 1, square = wrapped(base);
    for (; exponent > 0; exponent = static_cast<T>(exponent >> 1)) {
      if (exponent & 1) result *= square;
      square *= square;
    }
    return static_cast<T>(result);
  }
};
// A NaN on the right is kept by the failing comparison. With one condition of two comparisons, a
// chain of these would not become vectors.
struct Maximum : TakesAll {
  template <class T>
  LANEWISE_INLINE T operator()(T a, T b) const {
    const T best = a > b ? a : b;
    return a != a ? a : best;
  }
};
struct Minimum : TakesAll {
  template <class T>
  LANEWISE_INLINE T operator()(T a, T b) const {
    const T best = a < b ? a : b;
    return a != a ? a : best;
  }
};
struct Equal : TakesAll {
  template <class T>
  LANEWISE_INLINE bool operator()(T a, T b) const {
    return a == b;
  }
};
struct NotEqual : TakesAll {
  template <class T>
  LANEWISE_INLINE bool operator()(T a, T b) const {
    return a != b;
  }
};
struct Less : TakesAll {
  template <class T>
  LANEWISE_INLINE bool operator()(T a, T b) const {
    return a < b;
  }
};
struct LessEqual : TakesAll {
  template <class T>
  LANEWISE_INLINE bool operator()(T a, T b) const {
    return a <= b;
  }
};
struct LogicalAnd : TakesAll {
  template <class T>
  LANEWISE_INLINE bool operator()(T a, T b) const {
    return (a != T{0}) & (b != T{0});
  }
};
struct LogicalOr : TakesAll {
  template <class T>
  LANEWISE_INLINE bool operator()(T a, T b) const {
    return (a != T{0}) | (b != T{0});
  }
};

// In the order of the enums of kernels.h.
using UnaryOperators = std::tuple<Negative, Abs, Sign, Exp, Log, Log1p, Expm1, Sqrt, Tanh, Sigmoid,
                                  Erf, Sin, Cos, Floor, LogicalNot>;
using BinaryOperators = std::tuple<Add, Subtract, Multiply, Divide, Power, Maximum, Minimum, Equal,
                                   NotEqual, Less, LessEqual, LogicalAnd, LogicalOr>;

}  // namespace lanewise::kernels
