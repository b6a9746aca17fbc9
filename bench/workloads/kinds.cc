#include "workloads/kinds.h"

#include <cmath>
#include <numeric>

namespace lanewise::bench {
namespace {

double bytes_of(const Array& a) {
  return static_cast<double>(a.size()) * static_cast<double>(size_of(a.dtype()));
}

double bytes_of(const std::vector<Array>& arrays) {
  return std::accumulate(arrays.begin(), arrays.end(), 0.0,
                         [](double sum, const Array& a) { return sum + bytes_of(a); });
}

Session::Step gradient_descent(Cost cost) {
  return [cost = std::move(cost)](const std::vector<Array>& p, const std::vector<Array>& batch,
                                  const std::vector<Array>&) -> Session::Result {
    const auto J = [&](const std::vector<Array>& q) { return cost(q, batch[0], batch[1]); };
    const ValueAndGrad at = value_and_grad(J)(p);
    std::vector<Array> updated;
    for (std::size_t i = 0; i < p.size(); ++i) updated.push_back(p[i] - 0.5 * at.grads[i]);
    return {updated, {at.value}};
  };
}

}  // namespace

double Evaluation::bytes() const { return bytes_of(arguments_) + bytes_of(result_); }

void Evaluation::run() {
  result_ = Array();  // frees the last one first, so that its memory can serve again
  result_ = f_(arguments_)[0];
}

double Evaluation::value() const {
  const float* values = result_.data<float>();
  const double sum = std::accumulate(values, values + result_.size(), 0.0,
                                     [](double sum, float x) { return sum + std::abs(x); });
  return sum / static_cast<double>(result_.size());
}

Training::Training(Cost cost, std::vector<Array> parameters, Array X, Array Y, int sample_axis,
                   double flops, int epochs)
    : data_{std::move(X), std::move(Y)},
      m_(data_[0].shape(sample_axis)),
      session_(gradient_descent(std::move(cost)), std::move(parameters), {sample_axis}),
      flops_(flops),
      epochs_(epochs) {}

double Training::bytes() const { return bytes_of(data_) * epochs_; }

void Training::run() {
  for (int epoch = 0; epoch < epochs_; ++epoch)
    loss_ = session_.run(data_, {})[0] / static_cast<double>(m_);
}

}  // namespace lanewise::bench
