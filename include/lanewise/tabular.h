// From a table to a trained model: the job of `lanewise train`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lanewise/data.h"
#include "lanewise/nn.h"

namespace lanewise {

enum class Task : uint8_t { binary, multiclass, regression };
std::string_view name(Task task);
Task task_from_name(std::string_view name);  // Errors: ValueError naming the known ones

struct TargetInfo {
  std::string column;
  Task task = Task::binary;
  std::vector<std::string> classes;  // class k's label as in the data; sorted; empty for regression
  bool is_text = false;              // whether the labels must be read as text
  double mean = 0, scale = 1;        // regression: the target is standardised
};

// What training makes small. A model keeps it, for those who train on.
struct Objective {
  nn::Loss loss = nn::Loss::mean_squared_error;
  nn::LossOptions options;
  std::vector<double> class_weights;  // of rows of class k; empty: all count alike
};

// Where training is stored while it runs, to go on after a crash.
struct CheckpointOptions {
  std::string folder;   // made if missing; holds the last two checkpoints of one run
  double seconds = 30;  // between two of them; 0: after each step
  bool resume = false;  // from the newest one that is whole; from the beginning where there is none
};

struct TrainOptions {
  std::string target;
  std::optional<Task> task;  // unset: recognised
  EncodingOptions encoding;
  std::vector<int64_t> hidden = {128, 64};
  nn::Activation activation = nn::Activation::relu;
  nn::Init init = nn::Init::uniform_fan_in;
  double dropout = 0;
  // Networks, each of which leaves out one of so many folds of the training rows; predictions are
  // averaged. Few rows: so many that a fold has 5 rows. 1: one network.
  int folds = 8;
  double validation = 0.1;   // of one network: the share of rows that ends training; 0: none
  double test_fraction = 0;  // share held out before training, 0: none
  uint32_t seed = 0;
  // Unset: the recipe's value, which depends on the number of rows (docs/training.md).
  std::optional<int> epochs, patience;
  std::optional<int64_t> batch;
  int64_t accumulate = 1;  // batches that make a step: see nn::FitOptions
  std::optional<double> weight_decay;
  OptimizerOptions optimizer;
  bool spare_biases = false;     // from weight decay
  std::optional<nn::Loss> loss;  // unset: the task's; either cross-entropy stands for it
  nn::LossOptions loss_options;  // huber: delta in standard deviations of the target
  // Rows count by the weight of their class: that told by label (else 1), times one that makes
  // all classes of the training rows count alike. The rows that judge an epoch do, too.
  std::map<std::string, double> class_weights;
  bool balance_classes = false;
  double average_decay = 0.99;
  std::function<void(const nn::EpochReport&)> on_epoch;
  std::function<void(double)> on_progress;
  std::function<bool()> keep_going;
  std::optional<CheckpointOptions> checkpoint;
  std::function<void(const std::string&)> on_note;  // what went otherwise than asked
  // Told once, before the first epoch: the network, rows and features.
  std::function<void(const struct TrainPlan&)> on_start;
};

struct TrainPlan {
  int64_t train_rows = 0, validation_rows = 0, test_rows = 0,
          dropped_rows = 0;  // dropped: no target
  int members = 1;           // networks, each without its fold; one has validation rows instead
  int64_t features = 0;
  int epochs = 0, patience = 0;
  int64_t batch = 0;
  double weight_decay = 0;
  TargetInfo target;
  Objective objective;
  const nn::Sequential* network = nullptr;
  const Preprocessor* preprocessor = nullptr;
};

// By name: accuracy, auc (binary), log_loss, calibration_error; rmse, r2.
using Metrics = std::map<std::string, double>;

struct Prediction {
  // Classification: (rows, classes) row-major; regression: (rows,) values in target units.
  std::vector<double> values;
  int64_t rows = 0, classes = 0;
  int32_t best_class(int64_t row) const;
};

// A network, or several whose answers are averaged, with all that a table's rows need on the way.
class Model {
 public:
  // Atomic: a crash or a full disk leaves what was there before.
  void save(const std::string& path) const;
  // Errors: IoError; DataError for damage or features of a newer version, by name.
  static Model load(const std::string& path);

  // Errors: DataError when the table lacks a column.
  Prediction predict(const Table& table, std::map<std::string, int64_t>* unseen = nullptr) const;
  // The same of preprocessed features, (rows, features()) float32.
  Prediction predict(const Array& features) const;
  // Of the rows that have a target; `target` names its column where it isn't that of
  // training.  Errors: DataError for a missing column, an unknown class, no rows.
  Metrics evaluate(const Table& table, const std::string& target = {}, int64_t* dropped = nullptr,
                   std::map<std::string, int64_t>* unseen = nullptr) const;

  // The same of rows that come in parts: kept are their targets and answers only.
  Metrics evaluate(TableSource& tables, const std::string& target = {}, int64_t* rows = nullptr,
                   int64_t* dropped = nullptr,
                   std::map<std::string, int64_t>* unseen = nullptr) const;

  // Preprocessed features in, network outputs out as probabilities or target
  // units (in float32; predict() has float64): `rows` rows of `features()` float32 each, strides in
  // elements; `out` holds rows × outputs(), row-major. Const and reentrant; row i of a batch has
  // the same bits as that row alone.
  void predict_into(const float* features, int64_t row_stride, int64_t column_stride, int64_t rows,
                    float* out) const;
  int64_t features() const;
  int64_t outputs() const;  // probabilities (2 for binary), or 1
  // How many rows to score at a time where memory shall stay flat: few megabytes of features.
  int64_t part_rows() const;

  // How to read a file for predict() and evaluate().
  CsvOptions csv_options() const;

  const TargetInfo& target() const;
  const Objective& objective() const;  // of training
  const Preprocessor& preprocessor() const;
  const nn::Sequential& network() const;  // of every member
  int64_t members() const;
  const std::vector<Array>& parameters() const;  // of each member in turn
  // "validation" or "out_of_fold" (every training row, judged by the member that left it out), and
  // "test", with "…_baseline".
  const std::map<std::string, Metrics>& metrics() const;
  std::string describe() const;  // for people: target, columns, layers
  std::string to_json() const;   // for programs: everything but the weights

  struct Impl;
  explicit Model(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

struct TrainResult {
  Model model;
  nn::EnsembleResult fit;
  TrainPlan plan;  // network and preprocessor point into model
};

// Trains on `table`; `test` is scored at the end, when given, else the held-out rows.
// Errors: DataError for a missing or one-class target, ValueError for options; IoError for a
// checkpoint that can't be written, DataError for one of another run, naming what differs.
TrainResult train(const Table& table, const TrainOptions& options, const Table* test = nullptr);

// Whether both make the same batches of the same rows, so that their networks can be trained at
// once: they may differ in network, optimiser, epochs, patience, average and options of the loss.
bool share_batches(const TrainOptions& a, const TrainOptions& b);

// As train() with each of `all`, to the same bits, but features are made and each batch is read
// once. Told are on_start of each, and the other callbacks of the first, to which the networks of
// all are one ensemble. Where losses become NaN or infinite, fit.failure says so; the others go on.
// Errors: as train() otherwise; ValueError for options that don't share their batches, or
// checkpoints.
std::vector<TrainResult> train(const Table& table, std::span<const TrainOptions> all,
                               const Table* test = nullptr);

struct StreamOptions {
  int64_t memory = 512 << 20;  // bytes to stay within, about; at least 256 MiB
  std::string folder = ".";    // of scratch files, about as large as the rows as numbers
  // While rows are read; `of` is 0 the first time, when their number isn't known. May throw.
  std::function<void(int64_t rows, int64_t of)> on_read;
};

// The same for a file of any size (CSV, .npy, a pattern of such, .npz; not standard input), of
// which `options.memory` bytes are in memory at a time. It is read twice, for its columns and for
// its values, which then lie in scratch files. Otherwise than in memory: preprocessing is fitted on
// a sample of the training rows; each row is drawn for its part alone, not by class; mini-batches
// are drawn from windows (nn::FitStream); scores are those of about a million rows.
// Errors: as train(); ValueError for too little memory; IoError for scratch files.
TrainResult train(const std::string& path, const CsvOptions& csv, const TrainOptions& options,
                  const StreamOptions& stream, const std::string& test = {});

// ---- pruning ----

enum class PruneBy : uint8_t {
  units,    // hidden units go, and the network with them gets smaller and faster
  weights,  // single weights become 0 and stay so; the network keeps its size
};
std::string_view name(PruneBy by);
PruneBy prune_by_from_name(std::string_view name);  // Errors: ValueError naming the known ones

struct PruneOptions {
  PruneBy by = PruneBy::units;
  double share = 0.5;       // that goes, of each layer: those of least magnitude; one stays
  double validation = 0.1;  // of the rows, held out to judge
  // Training of what is left; 0 epochs: none.
  int epochs = 20, patience = 5;
  int64_t batch = 256;
  OptimizerOptions optimizer;
  uint32_t seed = 0;
  // At the end, weights become the nearest bfloat16 numbers (round_to_bfloat16): half the file, and
  // a row alone is answered sooner.
  bool bfloat16 = false;
  std::function<void(const nn::EpochReport&)> on_epoch;
  std::function<void(double)> on_progress;
  std::function<bool()> keep_going;
};

struct PruneResult {
  Model model;
  nn::EnsembleResult fit;  // empty without training
  Metrics before, after;   // of the held-out rows
};

// A smaller model for the same job; `table` holds rows with the model's target. Each network of
// an ensemble loses units of its own, but equally many.
// Errors: ValueError for options, or layers other than dense ones; DataError as for evaluate().
PruneResult prune(const Model& model, const Table& table, const PruneOptions& options = {});

}  // namespace lanewise
