// The loss of a network on samples, in a step and on the rows that judge it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "lanewise/nn.h"
#include "lanewise/runtime.h"
#include "nn/fit_members.h"
#include "nn/fit_windows.h"

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
BatchLoss loss_on(const Array& output, const FitData& batch, Loss loss, const LossOptions& options,
                  Layout layout);

// The loss by metrics that were weighed by their samples and summed over `rows` of them.
double mean_loss(std::span<const double> sums, int64_t rows);

// Samples whose losses are one sum, at most: it bounds the memory that judging takes.
inline constexpr int64_t kJudgedTogether = 4096;

// The loss of parameters on data that they did not learn from.
class Validation {
 public:
  // Where `data` have folds, each network is judged by the rows of its own; else by all.
  Validation(const Members& all, Loss loss, FitWindows& data);

  // Of the parameters of each of `members`.  Errors: ValueError for one that no row judges.
  std::vector<double> operator()(std::span<const std::vector<Array>> parameters,
                                 std::span<const int> members);

 private:
  const Members& all_;
  FitWindows& data_;
  std::vector<CompiledFunction> losses_;  // of each ensemble
};

}  // namespace lanewise::nn
