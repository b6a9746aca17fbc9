// What layers check of their options.
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "lanewise/error.h"

namespace lanewise::nn {

// A width beyond this is a mistake, and products of two still fit an int64.
inline constexpr int64_t kMaxWidth = int64_t{1} << 30;

inline void check_width(std::string_view layer, std::string_view option, int64_t width) {
  if (width < 1 || width > kMaxWidth)
    throw ValueError(fmt::format("{}: {} is {}, expected 1 … {}", layer, option, width, kMaxWidth));
}

}  // namespace lanewise::nn
