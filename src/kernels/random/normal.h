// A pair of independent normal numbers from two random words.
// G. Box, M. Muller: A Note on the Generation of Random Normal Deviates. 1958.
//
// Only additions, products, a quotient and a square root, each rounded once: the same bits on every
// machine, and nothing that keeps a compiler from working on several pairs at a time.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace lanewise::kernels {

struct Pair {
  float x, y;
};

// (cos, sin) of word / 2^32 of a turn: of its last quarter turn by polynomials (Cephes, sinf.c),
// turned by the quarters before it.
[[gnu::always_inline]] inline Pair direction(uint32_t word) {
  constexpr float kQuarterTurn = 1.57079632679f;
  const float a = static_cast<float>(static_cast<int32_t>(word << 2)) * (0x1p-32f * kQuarterTurn);
  const float z = a * a;
  const float s = ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * a + a;
  const float c =
      ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z -
      0.5f * z + 1.0f;
  const uint32_t swap = (word << 1 & 0x80000000u) ? ~0u : 0u;  // of an odd number of quarters
  const uint32_t cb = std::bit_cast<uint32_t>(c), sb = std::bit_cast<uint32_t>(s);
  const uint32_t x = (cb & ~swap) | (sb & swap), y = (sb & ~swap) | (cb & swap);
  const uint32_t minus_x = (word ^ word << 1) & 0x80000000u, minus_y = word & 0x80000000u;
  return {std::bit_cast<float>(x ^ minus_x), std::bit_cast<float>(y ^ minus_y)};
}

// log(x) for 2^-24 <= x <= 1 (FreeBSD, e_logf.c).
[[gnu::always_inline]] inline float log_of_share(float x) {
  constexpr uint32_t kSqrtHalf = 0x3f3504f3, kOne = 0x3f800000;
  const uint32_t shifted = std::bit_cast<uint32_t>(x) + (kOne - kSqrtHalf);
  const float exponent = static_cast<float>(static_cast<int32_t>(shifted >> 23) - 127);
  const float f = std::bit_cast<float>((shifted & 0x007fffff) + kSqrtHalf) - 1.0f;
  const float s = f / (2.0f + f), z = s * s, w = z * z, half = 0.5f * f * f;
  const float r =
      w * (0.40000972152f + w * 0.24279078841f) + z * (0.66666662693f + w * 0.28498786688f);
  return s * (half + r) + exponent * 9.0580006145e-6f - half + f + exponent * 6.9313812256e-1f;
}

[[gnu::always_inline]] inline Pair normal_pair(uint32_t a, uint32_t b) {
  const float share = static_cast<float>(static_cast<int32_t>(a >> 8) + 1) * 0x1p-24f;
  const float radius = std::sqrt(-2.0f * log_of_share(share));
  const Pair along = direction(b);
  return {radius * along.x, radius * along.y};
}

}  // namespace lanewise::kernels
