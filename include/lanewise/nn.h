// Networks: layers, losses and metrics as compositions of operations, and their training.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "lanewise/layers.h"
#include "lanewise/losses.h"
#include "lanewise/optim.h"

namespace lanewise::nn {

// ---- metrics, on values read to memory. ----
// labels: 0/1 or class numbers; probabilities row-major (m, classes); weights none.
double accuracy(std::span<const int32_t> labels, std::span<const int32_t> predicted);
// Area under the ROC curve by ranks, ties averaged; NaN with one class only.
double auc(std::span<const int32_t> labels, std::span<const double> scores);
double log_loss(std::span<const int32_t> labels, std::span<const double> probabilities,
                int classes);
// Expected calibration error of the top class, equal-width bins. Guo et al. 2017.
double calibration_error(std::span<const int32_t> labels, std::span<const double> probabilities,
                         int classes, int bins = 15);
double rmse(std::span<const double> targets, std::span<const double> predictions);
double r2(std::span<const double> targets, std::span<const double> predictions);

// ---- training ----

struct EpochReport {
  int epoch = 0, epochs = 0;   // from 1
  double loss = 0;             // mean training loss of the epoch
  double validation_loss = 0;  // NaN without validation data
  double rows_per_second = 0;
  double seconds = 0;  // since training began
  bool best = false;
};

struct FitOptions {
  Loss loss = Loss::binary_cross_entropy;
  OptimizerOptions optimizer;
  int epochs = 60;
  int64_t batch = 256;  // 0: full batch
  bool shuffle = true;  // seeded mini-batches; off: in order
  uint32_t seed = 0;
  int patience = 8;             // epochs without a better validation loss; 0: never stop early
  double average_decay = 0.99;  // moving average of weights, decay min(this, t / (t + 10)); 0: off
  std::function<void(const EpochReport&)> on_epoch;
  std::function<void(double fraction_of_epoch)> on_progress;
  std::function<bool()> keep_going;  // false: end now, keeping the best so far
};

struct FitResult {
  std::vector<Array> parameters;  // of the best epoch (averaged, if asked)
  std::vector<EpochReport> history;
  int best_epoch = 0;
  bool interrupted = false;
  bool stopped_early = false;
};

struct FitData {
  Array x;  // (m, inputs) or (inputs, m)
  Array y;  // as the loss takes it
  std::optional<Array> weights;
};

// Trains in a Session. The best epoch's parameters, by validation loss, are kept;
// without validation data the last's.  Errors: ValueError for options out of range
// or a loss that became NaN or infinite (naming epoch and repair), ShapeError.
FitResult fit(const Sequential& network, std::vector<Array> parameters, const FitData& train,
              const FitData* validation, const FitOptions& options);

}  // namespace lanewise::nn
