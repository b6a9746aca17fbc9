#include "lanewise/dtype.h"

#include "base/names.h"

namespace lanewise {
namespace {

struct Row {
  DType value;
  std::string_view name;
};
constexpr Row kRows[kDTypeCount] = {
    {DType::bool_, "bool"},      {DType::int8, "int8"},   {DType::uint8, "uint8"},
    {DType::int32, "int32"},     {DType::int64, "int64"}, {DType::float32, "float32"},
    {DType::float64, "float64"},
};

// NumPy's table of promotion, where its answer exists here (int8 with uint8: see dtype.h).
constexpr DType kB = DType::bool_, kI1 = DType::int8, kU1 = DType::uint8, kI4 = DType::int32,
                kI8 = DType::int64, kF4 = DType::float32, kF8 = DType::float64;
constexpr DType kPromotion[kDTypeCount][kDTypeCount] = {
    {kB, kI1, kU1, kI4, kI8, kF4, kF8},  {kI1, kI1, kI4, kI4, kI8, kF4, kF8},
    {kU1, kI4, kU1, kI4, kI8, kF4, kF8}, {kI4, kI4, kI4, kI4, kI8, kF8, kF8},
    {kI8, kI8, kI8, kI8, kI8, kF8, kF8}, {kF4, kF4, kF4, kF8, kF8, kF4, kF8},
    {kF8, kF8, kF8, kF8, kF8, kF8, kF8},
};

int kind_of(DType d) { return is_bool(d) ? 0 : is_integer(d) ? 1 : 2; }

}  // namespace

std::string_view name(DType dtype) { return kRows[static_cast<int>(dtype)].name; }

DType dtype_from_name(std::string_view wanted) {
  return row_named<DTypeError>(kRows, "dtype", wanted).value;
}

DType promote(DType a, DType b) { return kPromotion[static_cast<int>(a)][static_cast<int>(b)]; }

DType promote(DType a, bool a_weak, DType b, bool b_weak) {
  if (a_weak == b_weak) return promote(a, b);
  const DType array = a_weak ? b : a, number = a_weak ? a : b;
  if (kind_of(number) <= kind_of(array)) return array;
  if (kind_of(number) == 1) return DType::int64;  // an integer meets bool
  return DType::float64;
}

DType floating(DType dtype) {
  if (is_float(dtype)) return dtype;
  return size_of(dtype) == 1 ? DType::float32 : DType::float64;
}

}  // namespace lanewise
