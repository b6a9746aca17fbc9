// Tables of inner loops: a row an operator, a column a dtype.
#pragma once

#include <array>
#include <cstdint>
#include <tuple>
#include <utility>

#include "kernels/loop_nest.h"
#include "lanewise/dtype.h"

namespace lanewise::kernels {

// The C++ types in the order of DType.
using Types = std::tuple<bool, int8_t, uint8_t, int32_t, int64_t, float, double>;
static_assert(std::tuple_size_v<Types> == kDTypeCount);

// Row of Make<Operator, T>::loop over the types; nullptr where Operator::takes<T> is false.
template <template <class, class> class Make, class Operator>
constexpr auto loop_row() {
  std::array<decltype(&Make<Operator, float>::loop), kDTypeCount> row{};
  auto fill = [&]<std::size_t... I>(std::index_sequence<I...>) {
    (
        [&] {
          using T = std::tuple_element_t<I, Types>;
          if constexpr (Operator::template takes<T>) row[I] = &Make<Operator, T>::loop;
        }(),
        ...);
  };
  fill(std::make_index_sequence<kDTypeCount>{});
  return row;
}

// A row for each operator of the tuple.
template <template <class, class> class Make, class... Operators>
constexpr auto loop_table(std::type_identity<std::tuple<Operators...>>) {
  return std::array{loop_row<Make, Operators>()...};
}

}  // namespace lanewise::kernels
