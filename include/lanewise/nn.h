// Networks: layers, losses and metrics as compositions of operations.
//
// A layer holds no weights: init() makes them, apply() takes them. So a network
// is a pure function of its parameters and can be differentiated, compiled and
// run in a Session. Samples are rows (m, n) unless the network says columns (n, m).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/array.h"
#include "lanewise/optim.h"
#include "lanewise/random.h"

namespace lanewise::nn {

enum class Layout : uint8_t { rows, columns };

enum class Activation : uint8_t {
  identity,
  sigmoid,
  tanh,
  relu,
  leaky_relu,
  gelu,
  silu,
  softmax,
};
std::string_view name(Activation activation);
Activation activation_from_name(std::string_view name);  // Errors: ValueError naming the known ones
std::span<const Activation> activations();
// softmax runs over the features: the last axis for rows, the first for columns.
// gelu is exact (erf); leaky_relu has slope 0.01.
Array activate(Activation activation, const Array& z, Layout layout = Layout::rows);

enum class Init : uint8_t {
  uniform_fan_in,  // weights and biases uniform in ±1/√fan_in (the default)
  normal_001,      // weights normal · 0.01, biases 0 (the textbook's)
  xavier,          // weights normal · √(2 / (fan_in + fan_out)), biases 0: Glorot & Bengio 2010
  he,              // weights normal · √(2 / fan_in), biases 0: He et al. 2015
};
std::string_view name(Init init);
Init init_from_name(std::string_view name);

struct Parameter {
  std::string name;  // "0.weight", "0.bias": layer number and role
  Array value;
};

struct ParameterShape {
  std::string name;
  Shape shape;
};

// What apply() may need besides parameters and input.
struct Context {
  Layout layout = Layout::rows;
  bool training = false;
  Array key{int64_t{0}};  // int64 scalar, of this step: the randomness of dropout
  int layer = 0;          // number of the layer, mixed into the key
};

class Layer {
 public:
  virtual ~Layer() = default;
  virtual std::string describe() const = 0;  // "Dense(128, relu)"
  virtual int64_t outputs(int64_t inputs) const { return inputs; }
  // Names and shapes of what init() makes, in its order; none by default.
  virtual std::vector<ParameterShape> parameter_shapes(int64_t inputs, Layout layout) const;
  virtual std::vector<Parameter> init(int64_t inputs, Layout layout, Init init,
                                      Generator& generator, DType dtype) const;
  virtual Array apply(std::span<const Array> parameters, const Array& x,
                      const Context& context) const = 0;
  virtual std::string to_json() const = 0;  // {"type": "dense", "units": 128, …}
};
using LayerPtr = std::shared_ptr<const Layer>;

// Rows: X (m, n) · W (n, units) + b (units,).  Columns: W (units, n) · X (n, m) + b (units, 1).
LayerPtr dense(int64_t units, Activation activation = Activation::identity);
LayerPtr activation(Activation activation);
// Zeroes a share `rate` of the features in training, scaling the rest by 1 / (1 − rate).
LayerPtr dropout(double rate);
LayerPtr layer_from_json(const std::string& json);  // Errors: DataError naming an unknown type

// Layers one after the other.
class Sequential {
 public:
  Sequential() = default;
  // Errors: ValueError for widths < 1.
  Sequential(int64_t inputs, std::vector<LayerPtr> layers, Layout layout = Layout::rows);

  std::vector<ParameterShape> parameter_shapes() const;
  std::vector<Parameter> init(Generator& generator, Init init = Init::uniform_fan_in,
                              DType dtype = DType::float32) const;
  // x: (m, inputs) or (inputs, m).
  Array operator()(std::span<const Array> parameters, const Array& x) const;  // inference
  Array apply(std::span<const Array> parameters, const Array& x, bool training,
              const Array& key) const;
  int64_t inputs() const { return inputs_; }
  int64_t outputs() const;
  Layout layout() const { return layout_; }
  const std::vector<LayerPtr>& layers() const { return layers_; }
  std::string summary() const;  // a table: layer, output shape, parameters
  int64_t parameter_count() const;
  std::string to_json() const;
  static Sequential from_json(const std::string& json);

 private:
  int64_t inputs_ = 0;
  std::vector<LayerPtr> layers_;
  Layout layout_ = Layout::rows;
};

// ---- losses: means over samples; `weights` (optional, one a sample) weigh the
// samples, divided by their sum. Shapes: predictions and targets of one shape
// (m, 1) or (1, m); softmax: logits (m, classes) and integer classes (m,), or
// one-hot / probabilities of the shape of the logits.
Array binary_cross_entropy_with_logits(const Array& logits, const Array& targets,
                                       const Array* weights = nullptr);
// From probabilities, clipped to [clip, 1 − clip]: the textbook's.
Array binary_cross_entropy(const Array& probabilities, const Array& targets,
                           const Array* weights = nullptr, double clip = 1e-8);
Array softmax_cross_entropy(const Array& logits, const Array& targets,
                            const Array* weights = nullptr, Layout layout = Layout::rows);
Array mean_squared_error(const Array& predictions, const Array& targets,
                         const Array* weights = nullptr);

enum class Loss : uint8_t { binary_cross_entropy, softmax_cross_entropy, mean_squared_error };
std::string_view name(Loss loss);
Loss loss_from_name(std::string_view name);
// By name, on the raw output of a network (logits or values).
Array loss_of(Loss loss, const Array& output, const Array& targets, const Array* weights,
              Layout layout);

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
  std::optional<Array> weights{};
  // (m,) integers, of training data: member k of an ensemble learns from the rows whose
  // number isn't k, and those with k judge it.
  std::optional<Array> folds{};
};

// Trains in a Session. The best epoch's parameters, by validation loss, are kept;
// without validation data the last's.  Errors: ValueError for options out of range
// or a loss that became NaN or infinite (naming epoch and repair), ShapeError.
FitResult fit(const Sequential& network, std::vector<Array> parameters, const FitData& train,
              const FitData* validation, const FitOptions& options);

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
};

// Trains a network of one architecture from each of `parameters`, all in one Session: a step
// reads a batch once for all of them. Each has its moments, average, clipping, best epoch and
// patience, and leaves when that ends; it gets the bits that it would get alone from its rows.
// With train.folds each is judged by the rows that it leaves out, else all by `validation`.
// Errors: as fit(); ValueError for folds beside validation data, or a member without rows.
EnsembleResult fit_ensemble(const Sequential& network,
                            const std::vector<std::vector<Array>>& parameters, const FitData& train,
                            const FitData* validation, const FitOptions& options);

}  // namespace lanewise::nn
