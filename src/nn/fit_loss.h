// The loss of a network on samples, in a step and on the rows that judge it.
#pragma once

#include <span>
#include <vector>

#include "lanewise/nn.h"
#include "lanewise/runtime.h"

namespace lanewise::nn {

Array loss_on(const Sequential& network, std::span<const Array> parameters, const FitData& batch,
              Loss loss, bool training, const Array& key);

// A session weighs metrics by the rows of their batch. Where samples have
// weights, the loss must count by these instead: {loss·w̄, w̄}, divided at the end.
std::vector<Array> loss_metrics(const Array& loss, const FitData& batch);
// Of such metrics, summed over `rows` rows.
double mean_loss(std::span<const double> sums, int64_t rows);

// The loss of any parameters on data that they did not learn from.
class Validation {
 public:
  Validation(const Sequential& network, Loss loss, FitData data, std::size_t parameter_count);

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
