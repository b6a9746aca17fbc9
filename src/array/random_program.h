// Programs drawn at random from every kind of primitive, for tests: samples as rows or columns,
// with parameters. A program keeps a pool of values; each step combines some of them.
#pragma once

#include <random>
#include <vector>

#include "lanewise/ops.h"
#include "lanewise/random.h"

namespace lanewise {

class ProgramState {
 public:
  // arguments: x (m, n), or its transpose; w (n, n); b (1, n).
  ProgramState(uint32_t seed, bool rows, const std::vector<Array>& arguments)
      : draw_(seed),
        input(rows ? arguments[0] : arguments[0].T()),
        w(arguments[1]),
        b(arguments[2]),
        n(w.shape(0)),
        swept{input} {
    small.push_back(b);
  }

  uint32_t draw() { return static_cast<uint32_t>(draw_()); }
  Array any() { return swept[draw() % swept.size()]; }
  Array any_small() { return small[draw() % small.size()]; }
  // Where a rounding may change much: values that every executor has to the bit.
  Array exact() { return w.dtype() == DType::float64 ? any() : input; }
  Array floats(const Array& x) const { return astype(x, w.dtype()); }
  Array integers(const Array& x) const { return astype(floor(x * 4.0 + 0.3), DType::int32); }
  void add(const Array& x) { swept.push_back(x); }
  void add_small(const Array& x) { small.push_back(x); }

 private:
  std::mt19937 draw_;

 public:
  const Array input, w, b;
  const int64_t n;
  std::vector<Array> swept;  // (m, n)
  std::vector<Array> small;  // (1, n)
};

inline Array bounded(const Array& x) { return x / (1 + abs(x)); }

using RandomStep = void (*)(ProgramState&);

inline constexpr RandomStep kRandomSteps[] = {
    // products
    [](ProgramState& p) { p.add(bounded(matmul(p.any(), p.w) + p.b)); },
    [](ProgramState& p) {  // and a sum beside it, in either order
      const Array product = matmul(p.any(), p.w);
      const Array rest = p.draw() % 2 ? p.any_small() + p.any() : p.any() + p.any_small();
      p.add(bounded(p.draw() % 2 ? product * rest : product + rest));
    },
    [](ProgramState& p) {
      const Array inner = matmul(p.any().T(), p.any()) / 1000.0;
      p.add_small(bounded(matmul(ones_like(p.b) / 8.0, bounded(inner))));
    },
    [](ProgramState& p) {  // over the samples, with a new view of what came long before
      const Array left = matmul(p.w, p.any().T()), right = p.input[{slice(), slice({}, {}, -1)}];
      p.add_small(bounded(matmul(left, right)[slice(0, 1)] / 1000.0));
    },
    [](ProgramState& p) {  // a stack of rows
      const Array x = p.any();
      const Array product = matmul(reshape(x, {x.shape(0), 1, p.n}), p.w);
      p.add(bounded(reshape(product, {x.shape(0), p.n})));
    },
    [](ProgramState& p) {  // of integers, over the samples
      const Array product = matmul(p.integers(p.exact()).T(), p.integers(p.exact()));
      p.add_small(bounded(p.floats(product[slice(0, 1)]) / 1e4));
    },
    // elementwise
    [](ProgramState& p) { p.add(tanh(p.any())); },
    [](ProgramState& p) { p.add(erf(p.any()) + sin(p.any()) * cos(p.any())); },
    [](ProgramState& p) { p.add(log1p(abs(p.any())) - expm1(-abs(p.any()))); },
    [](ProgramState& p) { p.add(log(abs(p.any()) + 0.5) * sigmoid(p.any())); },
    [](ProgramState& p) { p.add(bounded(power(abs(p.any()) + 0.25, 1.7) - sqrt(abs(p.b) + 1))); },
    [](ProgramState& p) { p.add(bounded(power(abs(p.any()) + 0.5, bounded(p.any())))); },
    [](ProgramState& p) { p.add(bounded(p.any() * p.any() - p.any())); },
    [](ProgramState& p) { p.add(minimum(maximum(p.any(), -0.5), exp(-abs(p.any())))); },
    [](ProgramState& p) { p.add(bounded(p.any() - p.any_small())); },
    [](ProgramState& p) { p.add(bounded(p.any() / (2 + abs(p.any_small())))); },
    [](ProgramState& p) { p.add(stop_gradient(p.any()) * 0.5 + p.any() * 0.5); },
    // that jump
    [](ProgramState& p) { p.add(where(p.exact() > 0.1, p.any(), p.any())); },
    [](ProgramState& p) { p.add(floor(p.exact() * 3.0 + 0.3) / 4.0 + p.any() / 4.0); },
    [](ProgramState& p) { p.add(sign(p.exact() - 0.123) * p.any()); },
    [](ProgramState& p) { p.add(p.floats(p.integers(p.exact())) / 8.0 + p.any() / 4.0); },
    [](ProgramState& p) {
      const Array low = p.exact() < 0.123, high = p.exact() >= 0.456;
      p.add(p.floats(logical_or(low, logical_not(high))) - p.any());
    },
    [](ProgramState& p) {
      const Array whole = p.integers(p.exact());
      p.add(where(logical_and(not_equal(whole, 1), whole <= p.integers(p.exact())), p.any(), 0.25));
    },
    // over the features
    [](ProgramState& p) { p.add(softmax(p.any(), -1)); },
    [](ProgramState& p) { p.add(bounded(p.any() - logsumexp(p.any(), 1, true))); },
    [](ProgramState& p) {
      const Array x = p.any();
      p.add((x - mean(x, 1, true)) / sqrt(var(x, 1, true) + 0.1));
    },
    [](ProgramState& p) {
      p.add(bounded(p.any() + prod(p.any(), 1, true) - min(p.any(), 1, true)));
    },
    [](ProgramState& p) {
      const Array x = p.exact();
      p.add(p.floats(argmax(x, 1, true) - argmin(x, 1, true)) / 8.0 + p.any() / 2.0);
    },
    [](ProgramState& p) {  // in another order, and the best of each sample
      const Array x = p.exact();
      p.add(p.floats(top_k(x, p.n, 1, p.draw() % 2).indices) / 8.0 + p.any() / 2.0);
      p.add(p.any() - top_k(x, 2, 1).values[{slice(), slice(1, 2)}]);
    },
    [](ProgramState& p) {
      const Array x = p.any();
      p.add(take_along_axis(x, top_k(p.exact(), p.n, 1).indices, 1) / 2.0);
    },
    // over the samples
    [](ProgramState& p) { p.add_small(mean(p.any(), 0, true)); },
    [](ProgramState& p) { p.add_small(max(p.any(), 0, true) - min(p.any(), 0, true)); },
    [](ProgramState& p) { p.add_small(sqrt(mean(square(p.any()), 0, true) + 1)); },
    [](ProgramState& p) { p.add_small(sqrt(var(p.any(), 0, true) + 0.1)); },
    [](ProgramState& p) { p.add_small(bounded(prod(1 + bounded(p.any()) / 4000.0, 0, true))); },
    [](ProgramState& p) { p.add_small(bounded(logsumexp(p.any(), 0, true) - 5)); },
    [](ProgramState& p) { p.add(softmax(p.any(), 0) * 100.0); },
    [](ProgramState& p) {
      const Array x = p.any();
      p.add(bounded((x - mean(x, 0, true)) / sqrt(var(x, 0, true) + 0.1)));
    },
    [](ProgramState& p) { p.add_small(p.floats(argmax(p.exact(), 0, true)) / 5000.0); },
    [](ProgramState& p) { p.add_small(p.floats(argmin(p.exact(), 0, true)) / 5000.0); },
    [](ProgramState& p) {
      const auto [values, indices] = top_k(p.exact(), 1, 0, p.draw() % 2);
      p.add_small(p.floats(indices) / 5000.0 + values);
    },
    [](ProgramState& p) {
      const Array x = p.exact();
      p.add_small(p.floats(all(x > -2.34, 0, true)) - p.floats(any(p.integers(x) > 11, 0, true)));
    },
    [](ProgramState& p) {  // of everything
      p.add_small(bounded(p.b * var(p.any()) + p.floats(argmax(p.exact())) / 1e5));
    },
    // moved
    [](ProgramState& p) {
      p.add(concatenate({p.any()[{slice(), slice(2)}], p.any()[{slice(), slice(0, 2)}]}, 1));
    },
    [](ProgramState& p) {
      p.add(p.any()[{slice(), slice({}, {}, -1)}] * p.any());
    },
    [](ProgramState& p) {  // pads
      Array x = p.any();
      x.assign({slice(), slice(1)}, p.any_small()[{slice(), slice(1)}] * 0.5);
      p.add(x);
    },
    [](ProgramState& p) {
      const Array second = array(std::vector<int64_t>(p.n, 1), {p.n});
      p.add(take(p.any(), second, 1) + sigmoid(p.any()));
    },
    [](ProgramState& p) {  // a row of w for each sample
      const Array place = p.floats(p.integers(p.input[{slice(), 0}]));
      p.add(bounded(take(p.w, astype(clip(place, 0.0, 2.0), DType::int64), 0) * p.any()));
    },
    [](ProgramState& p) {
      const Array x = p.any();
      p.add(reshape(reshape(x, {x.shape(0), 1, p.n}), x.shape()) * 0.5);
    },
    [](ProgramState& p) { p.add(bounded(p.any()[slice({}, {}, -1)] + p.any())); },
    [](ProgramState& p) {  // samples after samples
      const Array x = p.any();
      p.add_small(bounded(mean(concatenate({x, p.any() * 0.5}, 0), 0, true)));
    },
    [](ProgramState& p) {
      const Array x = p.any();
      p.add_small(mean(take(x, arange(0, static_cast<double>(x.shape(0))), 0), 0, true));
    },
    // sources
    [](ProgramState& p) { p.add(p.floats(arange(0, static_cast<double>(p.n))) / 8.0 + p.any()); },
    [](ProgramState& p) {
      const Array x = p.any();
      const Array ramp = p.floats(arange(0, static_cast<double>(x.shape(0)))) / 5000.0;
      p.add(bounded(x + reshape(ramp, {x.shape(0), 1})));
    },
    [](ProgramState& p) {
      const Array kept = random::counter_uniform(Array(int64_t{p.draw()}), p.input) >= 0.25;
      p.add(where(kept, p.any() / 0.75, 0.0));
    },
};

class RandomProgram {
 public:
  static constexpr int kSteps = 14;

  RandomProgram(uint32_t seed, bool rows) : seed_(seed), rows_(rows) {}

  std::vector<Array> operator()(const std::vector<Array>& arguments) const {
    ProgramState p(seed_, rows_, arguments);
    for (int i = 0; i < kSteps; ++i) kRandomSteps[p.draw() % std::size(kRandomSteps)](p);
    const Array last = p.swept.back(), some = p.any();
    // One more than each, lest the sum cancel.
    std::vector<Array> results = {sum(last + 1), mean(square(p.any()), 0), rows_ ? some : some.T(),
                                  p.small.back()};
    const Array loss = mean(square(last)) + sum(p.any()) / 1000.0 + sum(p.any_small()) / 100.0 +
                       sum(p.w + p.b) / 50.0;  // so gradients don't cancel
    for (const Array& g : gradients(loss, std::vector<Array>{p.w, p.b})) results.push_back(g);
    return results;
  }

 private:
  uint32_t seed_;
  bool rows_;
};

}  // namespace lanewise
