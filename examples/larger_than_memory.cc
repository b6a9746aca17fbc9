// Full-batch training on samples that are never all in memory: two circles, told apart by a small
// network. They are made as they are pulled; lw::npy_source("part-*.npy") would read them instead.
#include <lanewise/lanewise.h>

#include <cstdio>
#include <vector>

namespace lw = lanewise;
using lw::Array;

namespace {

constexpr int64_t kSamples = 300'000, kUnits = 16;

// state: w1 (2, units), b1, w2 (units, 1), b2; samples: rows of x1, x2, label.
Array logits(const std::vector<Array>& state, const Array& samples) {
  const Array x = samples[{lw::slice(), lw::slice(0, 2)}];
  return matmul(tanh(matmul(x, state[0]) + state[1]), state[2]) + state[3];
}

Array labels(const Array& samples) { return samples[{lw::slice(), lw::slice(2, 3)}]; }

// Cross-entropy, from logits.
Array cost(const std::vector<Array>& state, const Array& samples) {
  const Array z = logits(state, samples);
  return mean(maximum(z, 0.0) - z * labels(samples) + log1p(exp(-abs(z))));
}

lw::Session::Result gradient_descent(const std::vector<Array>& state,
                                     const std::vector<Array>& batch,
                                     const std::vector<Array>& scalars) {
  const auto [value, slopes] =
      lw::value_and_grad([&](const std::vector<Array>& w) { return cost(w, batch[0]); })(state);
  const Array rate = astype(scalars[0], lw::DType::float32);
  lw::Session::Result next{{}, {value}};
  for (std::size_t k = 0; k < state.size(); ++k) next.state.push_back(state[k] - rate * slopes[k]);
  return next;
}

}  // namespace

int main() {
  lw::SyntheticOptions options;
  options.samples = kSamples;
  const auto data = lw::read_ahead(lw::synthetic_source(lw::SyntheticKind::circles, options));

  lw::Generator generator(1);
  const auto weights = [&](lw::Shape shape) {
    return astype(generator.randn(shape), lw::DType::float32);
  };
  lw::Session session(gradient_descent, {weights({2, kUnits}), lw::zeros({1, kUnits}),
                                         weights({kUnits, 1}) / 4.0, lw::zeros({1, 1})});
  const auto rate = [](int64_t) { return std::vector<double>{2.0}; };
  for (int epoch = 1; epoch <= 100; ++epoch) {
    const double sum = session.run(*data, rate)[0];  // weighted by the samples
    if (epoch % 25 == 0) std::printf("epoch %d: cost %.4f\n", epoch, sum / kSamples);
  }

  // How often it is right: a fold over the same stream.
  const auto accuracy = lw::compile(
      [](const std::vector<Array>& a) {
        const std::vector<Array> state(a.begin() + 1, a.end());
        const Array right = equal(logits(state, a[0]) > 0.0, labels(a[0]) > 0.5);
        return std::vector<Array>{mean(astype(right, lw::DType::float64))};
      },
      {{0, -1, -1, -1, -1}});
  const double share = accuracy.stream(*data, session.state())[0].item();
  std::printf("right: %.2f %% of %d samples\n", 100 * share, static_cast<int>(kSamples));
  return share > 0.97 ? 0 : 1;
}
