// Numbers of bfloat16: the upper half of a float32, with its range and 8 binary digits.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace lanewise {

inline float from_bfloat16(uint16_t x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x) << 16);
}

// The nearest; of two the one whose last digit is 0, and infinity beyond the range.
inline uint16_t nearest_bfloat16(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  constexpr uint32_t kQuiet = 0x40;
  if (std::isnan(x)) return static_cast<uint16_t>(bits >> 16 | kQuiet);
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

inline bool is_bfloat16(float x) { return (std::bit_cast<uint32_t>(x) & 0xFFFF) == 0; }

}  // namespace lanewise
