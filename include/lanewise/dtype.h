// Element types and how they combine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace lanewise {

// The element types. The order is that of the table in src/base/dtype.cc.
enum class DType : uint8_t { bool_, int8, uint8, int32, int64, float32, float64 };
inline constexpr int kDTypeCount = 7;

std::string_view name(DType dtype);            // "float32", spelled as in NumPy
DType dtype_from_name(std::string_view name);  // Errors: DTypeError, naming the known ones

// Bytes of an element.
constexpr std::size_t size_of(DType dtype) {
  constexpr std::size_t kBytes[kDTypeCount] = {1, 1, 1, 4, 8, 4, 8};
  return kBytes[static_cast<int>(dtype)];
}

constexpr bool is_float(DType d) { return d == DType::float32 || d == DType::float64; }
constexpr bool is_bool(DType d) { return d == DType::bool_; }
constexpr bool is_integer(DType d) { return !is_float(d) && !is_bool(d); }

// The dtype of an operation on `a` and `b`, as numpy.promote_types (NumPy 2).
// Differs where NumPy's answer is a type that Lanewise lacks: int8 with uint8
// gives int32 (NumPy: int16).
DType promote(DType a, DType b);

// The same where one operand is a weak scalar, a number of the host language:
// it adapts to the array unless its kind (bool < integer < float) is higher.
// A weak float meeting integers gives float64.
DType promote(DType a, bool a_weak, DType b, bool b_weak);

// The dtype in which a function such as exp computes: floats stay; int8, uint8
// and bool give float32 (NumPy: float16); int32 and int64 give float64.
DType floating(DType dtype);

// dtype_of<float> == DType::float32, and so on.
template <class T>
inline constexpr DType dtype_of = [] {
  static_assert(std::is_arithmetic_v<T>, "no dtype for this C++ type");
  if constexpr (std::is_same_v<T, bool>) return DType::bool_;
  else if constexpr (std::is_same_v<T, int8_t>) return DType::int8;
  else if constexpr (std::is_same_v<T, uint8_t>) return DType::uint8;
  else if constexpr (std::is_same_v<T, float>) return DType::float32;
  else if constexpr (std::is_same_v<T, double>) return DType::float64;
  else if constexpr (std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) == 4)
    return DType::int32;
  else if constexpr (std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) == 8)
    return DType::int64;
}();

// Calls f(std::type_identity<T>{}) with the C++ type of `dtype`.
template <class F>
decltype(auto) with_type(DType dtype, F&& f) {
  switch (dtype) {
    case DType::bool_: return f(std::type_identity<bool>{});
    case DType::int8: return f(std::type_identity<int8_t>{});
    case DType::uint8: return f(std::type_identity<uint8_t>{});
    case DType::int32: return f(std::type_identity<int32_t>{});
    case DType::int64: return f(std::type_identity<int64_t>{});
    case DType::float32: return f(std::type_identity<float>{});
    case DType::float64: break;
  }
  return f(std::type_identity<double>{});
}

}  // namespace lanewise
