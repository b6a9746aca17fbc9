// The textbook's network against NumPy: every cost of 100 epochs, all final
// weights, on each executor. See tests/golden/make_textbook.py.
#include <gtest/gtest.h>

#include <cmath>

#include "array/testing.h"
#include "lanewise/nn.h"
#include "lanewise/ops.h"
#include "lanewise/runtime.h"
#include "nn/golden.h"

namespace lanewise::nn {
namespace {

constexpr double kTolerance = 1e-12;

struct Problem {
  Array X, Y;
  std::vector<Array> parameters;  // W1, b1, W2, b2
};

Problem make_problem() {
  random::seed(42);
  const Array X = random::randn({2, 5000});
  const Array distance = sum(square(X), 0, true);
  const Array W1 = random::randn({10, 2}) * 0.01, W2 = random::randn({1, 10}) * 0.01;
  const DType f64 = DType::float64;
  return {X, astype(distance < 1.5, f64), {W1, zeros({10, 1}, f64), W2, zeros({1, 1}, f64)}};
}

Session::Step gradient_descent() {
  const Sequential network(2, {dense(10, Activation::tanh), dense(1, Activation::sigmoid)},
                           Layout::columns);
  return [network](const std::vector<Array>& parameters, const std::vector<Array>& batch,
                   const std::vector<Array>& scalars) {
    const Array cost = binary_cross_entropy(network(parameters, batch[0]), batch[1]);
    OptimizerOptions options;
    options.kind = OptimizerKind::sgd;
    const auto update = optimizer_update(options, parameters, gradients(cost, parameters), {},
                                         scalars[0], Array(1));
    return Session::Result{update.parameters, {cost}};
  };
}

void expect_close(double value, double golden, const std::string& what) {
  EXPECT_LE(std::abs(value - golden), kTolerance * std::abs(golden)) << what << ": " << value;
}

class Textbook : public testing::TestWithParam<std::string> {
 private:
  const WithExecutor with_{GetParam()};
};

TEST_P(Textbook, MatchesNumPyEpochByEpoch) {
  const auto golden = golden_file("textbook.json");
  const Problem problem = make_problem();
  Session session(gradient_descent(), problem.parameters, {1});
  const std::vector<Array> data = {problem.X, problem.Y};
  const double rate = golden["learning_rate"];
  for (int epoch = 0; epoch < golden["epochs"].get<int>(); ++epoch) {
    const auto sums = session.run(data, {}, [&](int64_t) { return std::vector<double>{rate}; });
    expect_close(sums[0] / 5000, golden["costs"][epoch], "cost of epoch " + std::to_string(epoch));
  }
  const std::vector<Array> parameters = session.state();
  const char* names[] = {"W1", "b1", "W2", "b2"};
  for (int i = 0; i < 4; ++i) {
    const auto values = parameters[i].to_vector<double>();
    for (std::size_t k = 0; k < values.size(); ++k)
      expect_close(values[k], golden[names[i]][k], std::string(names[i]) + " " + std::to_string(k));
  }
}

INSTANTIATE_TEST_SUITE_P(Executors, Textbook, testing::Values("loop", "vectorized"));

}  // namespace
}  // namespace lanewise::nn
