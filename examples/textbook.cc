// The textbook's network: is a point inside a circle? 2 inputs, 10 tanh units, 1
// sigmoid unit, 5,000 samples as columns, 2,000 epochs of plain gradient descent.
#include <lanewise/lanewise.h>

#include <cstdio>

namespace lw = lanewise;
using lw::Array;

namespace {

// One epoch: W, b ← W − rate · dW, b − rate · db.
lw::Session::Result epoch(const std::vector<Array>& parameters, const std::vector<Array>& batch,
                          const std::vector<Array>& scalars) {
  const auto cost = [&](const std::vector<Array>& p) {  // p: W1, b1, W2, b2
    const Array A1 = tanh(matmul(p[0], batch[0]) + p[1]);
    const Array A2 = sigmoid(matmul(p[2], A1) + p[3]);
    return lw::nn::binary_cross_entropy(A2, batch[1]);
  };
  const Array J = cost(parameters);
  const std::vector<Array> gradients = lw::gradients(J, parameters);
  std::vector<Array> updated;
  for (std::size_t i = 0; i < parameters.size(); ++i)
    updated.push_back(parameters[i] - scalars[0] * gradients[i]);
  return {updated, {J}};
}

}  // namespace

int main() {
  lw::random::seed(42);  // the numbers of NumPy's np.random.seed(42)
  const Array X = lw::random::randn({2, 5000});
  const Array Y = astype(sum(square(X), 0, true) < 1.5, lw::DType::float64);
  const Array W1 = lw::random::randn({10, 2}) * 0.01, W2 = lw::random::randn({1, 10}) * 0.01;
  const Array b1 = lw::zeros({10, 1}, lw::DType::float64),
              b2 = lw::zeros({1, 1}, lw::DType::float64);

  lw::Session session(epoch, {W1, b1, W2, b2}, {.sample_axis = 1});
  const std::vector<Array> data = {X, Y};
  for (int i = 1; i <= 2000; ++i) {
    const double sum = session.run(data, {}, [](int64_t) { return std::vector<double>{1.0}; })[0];
    if (i % 400 == 0) std::printf("epoch %4d  cost %.6f\n", i, sum / 5000);
  }

  const std::vector<Array> p = session.state();
  const Array A2 = sigmoid(matmul(p[2], tanh(matmul(p[0], X) + p[1])) + p[3]);
  std::printf("accuracy %.2f %%\n",
              100 * mean(astype((A2 > 0.5) == (Y > 0.5), lw::DType::float64)).item());
}
