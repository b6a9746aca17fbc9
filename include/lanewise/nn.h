// Networks: layers, losses and metrics as compositions of operations, and their training.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lanewise/layers.h"
#include "lanewise/losses.h"
#include "lanewise/optim.h"
#include "lanewise/streams.h"

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

// What an epoch gave one network of several.
struct MemberReport {
  int member = 0;
  double loss = 0;             // mean training loss
  double validation_loss = 0;  // NaN without rows that judge it
  bool best = false;
};

struct EpochReport {
  int epoch = 0, epochs = 0;             // from 1
  double loss = 0, validation_loss = 0;  // means over `members`; NaN as there
  double rows_per_second = 0;
  double seconds = 0;                 // since training began
  bool best = false;                  // of a member
  std::vector<MemberReport> members;  // those that trained in this epoch
};

// Where training stands between two steps: enough to go on to the same bits.
struct FitState {
  std::map<std::string, Array> arrays;
  std::string progress;  // the rest, as JSON
};

// What networks that are trained on the same batches may each have otherwise.
struct MemberOptions {
  LossOptions loss_options;
  OptimizerOptions optimizer;
  int epochs = 60;
  int patience = 8;  // epochs without a better validation loss; 0: never stop early
  // Of each member and parameter, what it is multiplied by after every step: 0 where a value must
  // stay 0. Empty: nothing.
  std::vector<std::vector<Array>> masks;
  double average_decay = 0.99;  // moving average of weights, decay min(this, t / (t + 10)); 0: off
};

// What they share, and how their training is watched.
struct BatchOptions {
  Loss loss = Loss::binary_cross_entropy;
  int64_t batch = 256;  // 0: full batch
  // So many batches make a step, by the mean of their gradients, each row counting alike. That is
  // the step of one batch of all their rows, to the bit: a step runs block by block of samples
  // and keeps none of their intermediate values, so a large batch costs no memory beyond its rows.
  int64_t accumulate = 1;
  bool shuffle = true;  // seeded mini-batches; off: in order
  uint32_t seed = 0;
  std::function<void(const EpochReport&)> on_epoch;
  std::function<void(double fraction_of_epoch)> on_progress;
  std::function<bool()> keep_going;  // false: end now, keeping the best so far
  // Before each step, with a function that tells where training stands.
  std::function<void(const std::function<FitState()>& state)> on_step;
  // To go on from there, with what was given then. Earlier epochs are told to on_epoch again.
  std::optional<FitState> resume;
};

struct FitOptions : MemberOptions, BatchOptions {};

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
  std::optional<Array> weights{};
  // (m,) integers, of training data: member k of an ensemble learns from the rows whose
  // number isn't k, and those with k judge it.
  std::optional<Array> folds{};
};

// Samples that are never all in memory: the arrays of a FitData, those that there are.
struct FitStream {
  Source* samples = nullptr;  // x, y, then weights and folds where told; of known length
  bool weights = false, folds = false;
  // Rows in memory at a time; as many more are read meanwhile, by a thread that then alone uses
  // the source. Shuffled mini-batches are drawn so: the blocks of 1,024 rows get an
  // order; windows of about so many rows follow it, and the rows of each get an order of their own.
  // With as many rows as the stream has, or a full batch, the bits are those of a FitData.
  int64_t window = 1 << 18;
};

// Trains in a Session. The best epoch's parameters, by validation loss, are kept;
// without validation data the last's.  Errors: ValueError for options out of range
// or a loss that became NaN or infinite (naming epoch and repair), ShapeError.
FitResult fit(const Sequential& network, std::vector<Array> parameters, const FitData& train,
              const FitData* validation, const FitOptions& options);
// The same over streams; a pass for each epoch, and one over what judges it. Shuffling needs a
// source that can seek.
FitResult fit(const Sequential& network, std::vector<Array> parameters, const FitStream& train,
              const FitStream* validation, const FitOptions& options);

struct EnsembleResult {
  struct Member {
    std::vector<Array> parameters;  // of its best epoch (averaged, if asked)
    int best_epoch = 0;
    double best_loss = 0;  // its validation loss there; NaN without rows that judge it
    bool stopped_early = false;
  };
  std::vector<Member> members;
  std::vector<EpochReport> history;
  bool interrupted = false;
  // Of fit_ensembles(): which loss became NaN or infinite, when, and the repair. Training of the
  // ensemble ended there, its members hold their best or first parameters. Empty: none did.
  std::string failure{};
};

// Trains a network of one architecture from each of `parameters`, all in one Session: a step
// reads a batch once for all of them. Each has its moments, average, clipping, best epoch and
// patience, and leaves when that ends; it gets the bits that it would get alone from its rows,
// but for batch_norm, whose statistics see the whole batch.
// With train.folds each is judged by the rows that it leaves out, else all by `validation`.
// Errors: as fit(); ValueError for folds beside validation data, or a member without rows.
EnsembleResult fit_ensemble(const Sequential& network,
                            const std::vector<std::vector<Array>>& parameters, const FitData& train,
                            const FitData* validation, const FitOptions& options);
EnsembleResult fit_ensemble(const Sequential& network,
                            const std::vector<std::vector<Array>>& parameters,
                            const FitStream& train, const FitStream* validation,
                            const FitOptions& options);

// Networks of one architecture that are trained alike, each from values of its own.
struct Ensemble {
  Sequential network;
  std::vector<std::vector<Array>> parameters;
  MemberOptions options;
};

// Trains several ensembles in one Session, a batch read once for all of them. Each gets the bits
// that fit_ensemble gives it. Reports count members through: those of the first, then the next.
// One whose loss becomes NaN or infinite leaves, the others go on.
// Errors: as fit_ensemble() otherwise; ValueError for networks that don't take the same samples.
std::vector<EnsembleResult> fit_ensembles(std::vector<Ensemble> ensembles, const FitData& train,
                                          const FitData* validation, const BatchOptions& options);
std::vector<EnsembleResult> fit_ensembles(std::vector<Ensemble> ensembles, const FitStream& train,
                                          const FitStream* validation, const BatchOptions& options);

}  // namespace lanewise::nn
