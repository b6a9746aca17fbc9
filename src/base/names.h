// Tables of named things: a row holds an enumerator, its name in files and
// flags, and what belongs to it. Adding a row makes the name known everywhere.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "lanewise/error.h"

namespace lanewise {

template <class Row, std::size_t N, class Enum>
const Row& row_of(const Row (&table)[N], Enum value) {
  for (const Row& row : table)
    if (row.value == value) return row;
  throw InternalError(fmt::format("no name for enumerator {}", static_cast<int>(value)));
}

// Errors: `Refusal` naming `kind`, the unknown name and the known ones.
template <class Refusal = ValueError, class Row, std::size_t N>
const Row& row_named(const Row (&table)[N], std::string_view kind, std::string_view name) {
  std::string known;
  for (const Row& row : table) {
    if (row.name == name) return row;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", row.name);
  }
  throw Refusal(fmt::format("unknown {} '{}'; known: {}", kind, name, known));
}

}  // namespace lanewise
