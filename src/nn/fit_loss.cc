#include "nn/fit_loss.h"

#include <algorithm>

#include "lanewise/ops.h"
#include "nn/fit_data.h"
#include "nn/losses.h"

namespace lanewise::nn {
namespace {

// Validation runs in pieces of this many samples, to bound its memory.
constexpr int64_t kPiece = 4096;

CompiledFunction validation_program(const Sequential& network, const FitOptions& options,
                                    const FitData& data, std::size_t parameter_count) {
  std::vector<int> axes(parameter_count, -1);
  axes.insert(axes.end(), listed(data).size(), sample_axis(network.layout()));
  const auto metrics = [&network, &options, data, parameter_count](const std::vector<Array>& all) {
    const std::span<const Array> arguments(all);
    const FitData batch = named(arguments.subspan(parameter_count), data);
    return loss_on(network(arguments.first(parameter_count), batch.x), batch, options,
                   network.layout())
        .metrics();
  };
  return compile(metrics, {axes});
}

}  // namespace

BatchLoss loss_on(const Array& output, const FitData& batch, const FitOptions& options,
                  Layout layout) {
  const Array costs = sample_costs(options.loss, output, batch.y, layout, options.loss_options);
  if (!batch.weights) return {mean(costs), {}};
  return {mean(costs * reshape(*batch.weights, costs.shape())), mean(*batch.weights)};
}

std::vector<Array> BatchLoss::metrics() const {
  return weight ? std::vector<Array>{cost, *weight} : std::vector<Array>{cost};
}

std::vector<Array> BatchLoss::gradients(std::span<const Array> parameters) const {
  std::vector<Array> slopes = lanewise::gradients(cost, parameters);
  // A batch whose samples all weigh nothing has slopes of 0.
  if (weight)
    for (Array& slope : slopes) slope = slope / maximum(*weight, 1e-30);
  return slopes;
}

double mean_loss(std::span<const double> sums, int64_t rows) {
  return sums.size() > 1 ? sums[0] / sums[1] : sums[0] / static_cast<double>(rows);
}

Validation::Validation(const Sequential& network, const FitOptions& options, FitData data,
                       std::size_t parameter_count)
    : data_(listed(data)),
      axis_(sample_axis(network.layout())),
      loss_(validation_program(network, options, data, parameter_count)) {}

template <class Piece>
double Validation::over(int64_t rows, const std::vector<Array>& parameters, Piece piece) const {
  std::vector<double> sums;
  for (int64_t first = 0; first < rows; first += kPiece) {
    const int64_t count = std::min(kPiece, rows - first);
    std::vector<Array> arguments = parameters;
    for (const Array& a : data_) arguments.push_back(piece(a, first, count));
    const std::vector<Array> metrics = loss_(arguments);
    sums.resize(metrics.size());
    for (std::size_t k = 0; k < sums.size(); ++k)
      sums[k] += metrics[k].item() * static_cast<double>(count);
  }
  return mean_loss(sums, rows);
}

double Validation::operator()(const std::vector<Array>& parameters) const {
  return over(data_[0].shape(axis_), parameters, [&](const Array& a, int64_t first, int64_t count) {
    const Index window = slice(first, first + count);
    return axis_ == 0 ? a[window] : a[{slice(), window}];
  });
}

double Validation::operator()(const std::vector<Array>& parameters,
                              std::span<const int64_t> rows) const {
  const auto gathered = [&](const Array& a, int64_t first, int64_t count) {
    const auto chosen =
        rows.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    return take(a, array(chosen, {count}), axis_);
  };
  return over(static_cast<int64_t>(rows.size()), parameters, gathered);
}

}  // namespace lanewise::nn
