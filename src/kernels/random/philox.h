// Philox-4x32-10: ten rounds of multiplications and xors turn a 128-bit counter
// and a 64-bit key into 128 random bits.
// J. Salmon, M. Moraes, R. Dror, D. Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011.
#pragma once

#include <cstdint>

namespace lanewise::kernels {

inline constexpr uint32_t kPhiloxFactor0 = 0xD2511F53, kPhiloxFactor1 = 0xCD9E8D57,
                          kPhiloxStep0 = 0x9E3779B9, kPhiloxStep1 = 0xBB67AE85;

struct PhiloxWords {
  uint32_t w[4];
};

[[gnu::always_inline]] inline PhiloxWords philox(PhiloxWords counter, uint64_t key) {
  auto [c0, c1, c2, c3] = counter.w;
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{kPhiloxFactor0} * c0, p1 = uint64_t{kPhiloxFactor1} * c2;
    c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(p1);
    c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(p0);
    k0 += kPhiloxStep0;
    k1 += kPhiloxStep1;
  }
  return {{c0, c1, c2, c3}};
}

// 24 bits in [0, 1).
[[gnu::always_inline]] inline float uniform_of_word(uint32_t word) {
  return static_cast<float>(static_cast<int32_t>(word >> 8)) * 0x1p-24f;
}

// Element `index` of the stream `key`: 24 bits in [0, 1).
[[gnu::always_inline]] inline float uniform_element(float, uint64_t key, uint64_t index) {
  const PhiloxWords r =
      philox({{static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), 0, 0}}, key);
  return uniform_of_word(r.w[0]);
}

// Words of the q-th four numbers of a run: random.h.
[[gnu::always_inline]] inline PhiloxWords run_words(uint64_t key, uint32_t stream, int64_t run,
                                                    uint32_t q) {
  const uint64_t first = static_cast<uint64_t>(run) * 64;
  return philox({{static_cast<uint32_t>(first) + q, static_cast<uint32_t>(first >> 32), stream, 1}},
                key);
}

// 53 bits in [0, 1).
[[gnu::always_inline]] inline double uniform_element(double, uint64_t key, uint64_t index) {
  const PhiloxWords r =
      philox({{static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), 0, 0}}, key);
  const uint64_t bits = (uint64_t{r.w[1]} << 32 | r.w[0]) >> 11;
  return static_cast<double>(static_cast<int64_t>(bits)) * 0x1p-53;
}

}  // namespace lanewise::kernels
