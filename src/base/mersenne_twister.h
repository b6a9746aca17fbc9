// The random stream of NumPy's legacy np.random (RandomState), to the bit.
//
// Source: Matsumoto & Nishimura, ACM TOMACS 8(1), 1998; Marsaglia's polar method
// for normal numbers; bounded integers by masking and rejection.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace lanewise {

// A copy goes on with the same stream as the original.
class MersenneTwister {
 public:
  explicit MersenneTwister(uint32_t seed = 5489);  // as np.random.seed

  uint32_t next32();
  uint64_t next64();                           // the high half is drawn first
  double uniform();                            // [0, 1), 53 bits; as np.random.random_sample
  double normal();                             // two a round; the second is kept for the next call
  uint64_t bounded(uint64_t max);              // 0 … max
  int64_t integer(int64_t low, int64_t high);  // [low, high), low < high; as np.random.randint

  // As np.random.shuffle of one axis: Fisher–Yates from the end.
  void shuffle(std::span<int64_t> values);

  // Where the stream stands; false: these numbers are of no stream.
  std::vector<int64_t> state() const;
  bool set_state(std::span<const int64_t> state);

 private:
  static constexpr int kSize = 624, kShift = 397;
  void refill();
  std::array<uint32_t, kSize> state_;
  int position_ = kSize;
  bool has_normal_ = false;
  double kept_normal_ = 0;
};

}  // namespace lanewise
