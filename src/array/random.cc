#include "lanewise/random.h"

#include <fmt/format.h>

#include <numeric>
#include <vector>

#include "array/eval.h"
#include "base/mersenne_twister.h"
#include "graph/build.h"
#include "lanewise/ops.h"

namespace lanewise {

struct Generator::State {
  MersenneTwister twister;
};

namespace {

template <class T, class Draw>
Array drawn(const Shape& shape, Draw draw) {
  Tensor t = Tensor::empty(dtype_of<T>, shape);
  for (int64_t i = 0, n = t.size(); i < n; ++i) t.as<T>()[i] = draw();
  return from_tensor(std::move(t));
}

}  // namespace

Generator::Generator(uint32_t seed) : state_(new State{MersenneTwister(seed)}) {}
Generator::~Generator() = default;
Generator::Generator(const Generator& other) : state_(new State(*other.state_)) {}
Generator& Generator::operator=(const Generator& other) {
  *state_ = *other.state_;
  return *this;
}

Array Generator::state() const {
  const std::vector<int64_t> numbers = state_->twister.state();
  return array(numbers, {static_cast<int64_t>(numbers.size())});
}
Generator Generator::from_state(const Array& state) {
  Generator generator;
  if (!generator.state_->twister.set_state(state.to_vector<int64_t>()))
    throw ValueError("Generator: these numbers are no state of a generator");
  return generator;
}

double Generator::uniform() { return state_->twister.uniform(); }

Array Generator::rand(const Shape& shape) {
  return drawn<double>(shape, [&] { return state_->twister.uniform(); });
}
Array Generator::randn(const Shape& shape) {
  return drawn<double>(shape, [&] { return state_->twister.normal(); });
}
Array Generator::randint(int64_t low, int64_t high, const Shape& shape) {
  if (low >= high)
    throw ValueError(
        fmt::format("randint: the range [{}, {}) is empty; low must be below high", low, high));
  return drawn<int64_t>(shape, [&] { return state_->twister.integer(low, high); });
}

Array Generator::permutation(int64_t n) {
  if (n < 0) throw ValueError(fmt::format("permutation: {} elements, expected 0 or more", n));
  Tensor t = Tensor::empty(DType::int64, {n});
  const std::span<int64_t> values(t.as<int64_t>(), static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), int64_t{0});
  state_->twister.shuffle(values);
  return from_tensor(std::move(t));
}

Array Generator::permutation(const Array& x) {
  if (x.rank() == 0) throw ValueError("permutation: a scalar array has no rows to shuffle");
  return take(x, permutation(x.shape(0)), 0);
}

void Generator::shuffle(Array& x) { x = permutation(x); }

namespace random {

Generator& global() {
  static Generator generator;
  return generator;
}
void seed(uint32_t seed) { global() = Generator(seed); }

Array counter_uniform(const Array& key, const Array& like) {
  return wrap(graph::uniform(graph::cast(key.node(), DType::int64), like.node()));
}

}  // namespace random
}  // namespace lanewise
