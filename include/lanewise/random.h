// Random numbers: NumPy's legacy stream, to the bit, for data and initial
// weights; a counter-based stream for what happens inside a program (dropout).
#pragma once

#include <cstdint>
#include <memory>

#include "lanewise/array.h"

namespace lanewise {

// The Mersenne Twister of numpy.random.RandomState(seed); the same calls give
// the same bits. Results are float64 / int64 as NumPy's.
class Generator {
 public:
  explicit Generator(uint32_t seed = 0);
  ~Generator();
  Generator(const Generator& other);
  Generator& operator=(const Generator& other);

  Array rand(const Shape& shape = {});                                // uniform in [0, 1)
  Array randn(const Shape& shape = {});                               // normal, polar method
  Array randint(int64_t low, int64_t high, const Shape& shape = {});  // [low, high)
  Array permutation(int64_t n);                                       // of 0 … n−1
  Array permutation(const Array& x);                                  // rows of x shuffled, a copy
  void shuffle(Array& x);  // rebinds x to its shuffled rows
  double uniform();

  // Where the stream stands, as int64 numbers of any meaning; a generator that goes on from there.
  // Errors: ValueError for numbers that state() did not give.
  Array state() const;
  static Generator from_state(const Array& state);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The global stream, as numpy.random.seed / rand / randn / …
namespace random {
void seed(uint32_t seed);
Generator& global();
inline Array rand(const Shape& shape = {}) { return global().rand(shape); }
inline Array randn(const Shape& shape = {}) { return global().randn(shape); }
inline Array randint(int64_t low, int64_t high, const Shape& shape = {}) {
  return global().randint(low, high, shape);
}
inline Array permutation(int64_t n) { return global().permutation(n); }
inline void shuffle(Array& x) { global().shuffle(x); }

// Uniform in [0, 1), lazily: element i depends on key and i alone (Philox-4x32-10).
// `key`: an int64 scalar, may be an input that changes from run to run.
// The shape is that of `like`; so is the dtype.
Array counter_uniform(const Array& key, const Array& like);
}  // namespace random

}  // namespace lanewise
