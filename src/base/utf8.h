// Text as UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

namespace lanewise {

// Where the first byte lies that is no part of well-formed UTF-8 (The Unicode Standard 15.0, table
// 3-7); npos: all is well.
std::size_t first_not_utf8(std::string_view text);

}  // namespace lanewise
