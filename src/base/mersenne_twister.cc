#include "base/mersenne_twister.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace lanewise {

MersenneTwister::MersenneTwister(uint32_t seed) {
  state_[0] = seed;
  for (int i = 1; i < kSize; ++i)
    state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + static_cast<uint32_t>(i);
}

void MersenneTwister::refill() {
  const auto twist = [this](int i, int next, int shifted) {
    const uint32_t y = (state_[i] & 0x80000000u) | (state_[next] & 0x7fffffffu);
    state_[i] = state_[shifted] ^ (y >> 1) ^ (-(y & 1) & 0x9908b0dfu);
  };
  constexpr int kWrap = kSize - kShift;
#pragma GCC ivdep
  for (int i = 0; i < kWrap; ++i) twist(i, i + 1, i + kShift);
#pragma GCC ivdep
  for (int i = kWrap; i < 2 * kWrap; ++i) twist(i, i + 1, i - kWrap);
#pragma GCC ivdep
  for (int i = 2 * kWrap; i < kSize - 1; ++i) twist(i, i + 1, i - kWrap);
  twist(kSize - 1, 0, kShift - 1);
  position_ = 0;
}

uint32_t MersenneTwister::next32() {
  if (position_ == kSize) refill();
  uint32_t y = state_[position_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

uint64_t MersenneTwister::next64() {
  const uint64_t high = next32();
  return high << 32 | next32();
}

double MersenneTwister::uniform() {
  const uint32_t high = next32() >> 5, low = next32() >> 6;
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

double MersenneTwister::normal() {
  if (std::exchange(has_normal_, false)) return kept_normal_;
  double x, y, r2;
  do {
    x = 2.0 * uniform() - 1.0;
    y = 2.0 * uniform() - 1.0;
    r2 = x * x + y * y;
  } while (r2 >= 1.0 || r2 == 0.0);
  const double f = std::sqrt(-2.0 * std::log(r2) / r2);
  kept_normal_ = f * x;
  has_normal_ = true;
  return f * y;
}

uint64_t MersenneTwister::bounded(uint64_t max) {
  if (max == 0) return 0;
  const uint64_t mask = ~uint64_t{0} >> std::countl_zero(max);
  const bool narrow = max <= 0xffffffffu;
  for (;;) {
    const uint64_t value = (narrow ? next32() : next64()) & mask;
    if (value <= max) return value;
  }
}

int64_t MersenneTwister::integer(int64_t low, int64_t high) {
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) - 1;
  return static_cast<int64_t>(static_cast<uint64_t>(low) + bounded(range));
}

std::vector<int64_t> MersenneTwister::state() const {
  std::vector<int64_t> numbers(state_.begin(), state_.end());
  numbers.insert(numbers.end(), {position_, has_normal_, std::bit_cast<int64_t>(kept_normal_)});
  return numbers;
}

bool MersenneTwister::set_state(std::span<const int64_t> state) {
  if (state.size() != kSize + 3 || state[kSize] < 0 || state[kSize] > kSize) return false;
  for (int i = 0; i < kSize; ++i) state_[i] = static_cast<uint32_t>(state[i]);
  position_ = static_cast<int>(state[kSize]);
  has_normal_ = state[kSize + 1] != 0;
  kept_normal_ = std::bit_cast<double>(state[kSize + 2]);
  return true;
}

// Places are drawn some ahead of the swaps, so that values that lie far apart are fetched at once.
void MersenneTwister::shuffle(std::span<int64_t> values) {
  constexpr std::size_t kAhead = 32;
  for (std::size_t i = values.size(); i > 1;) {
    const std::size_t count = std::min(kAhead, i - 1);
    uint64_t partner[kAhead];
    for (std::size_t k = 0; k < count; ++k) {
      partner[k] = bounded(i - 1 - k);
      __builtin_prefetch(&values[partner[k]], 1);
    }
    for (std::size_t k = 0; k < count; ++k) std::swap(values[--i], values[partner[k]]);
  }
}

}  // namespace lanewise
