// The loss of a network on samples, in a step and on the rows that judge it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "lanewise/nn.h"
#include "lanewise/runtime.h"

namespace lanewise::nn {

// Means over the samples of a batch: of their costs, and of their weights where they have some.
// The loss is cost / weight, but only a whole run divides: a division within it would have to wait
// for the mean weight of the batch before the gradients of a sample can be computed.
struct BatchLoss {
  Array cost;  // weighted
  std::optional<Array> weight;

  std::vector<Array> metrics() const;
  std::vector<Array> gradients(std::span<const Array> parameters) const;  // of the loss
};
// `output`: of the network on batch.x.
BatchLoss loss_on(const Array& output, const FitData& batch, const FitOptions& options,
                  Layout layout);

// The loss by metrics that were weighed by their samples and summed over `rows` of them.
double mean_loss(std::span<const double> sums, int64_t rows);

// The loss of any parameters on data that they did not learn from.
class Validation {
 public:
  Validation(const Sequential& network, const FitOptions& options, FitData data,
             std::size_t parameter_count);

  double operator()(const std::vector<Array>& parameters) const;
  // On some of the rows.
  double operator()(const std::vector<Array>& parameters, std::span<const int64_t> rows) const;

 private:
  template <class Piece>
  double over(int64_t rows, const std::vector<Array>& parameters, Piece piece) const;

  std::vector<Array> data_;
  int axis_;
  CompiledFunction loss_;
};

}  // namespace lanewise::nn
