// Layers, and networks of them.
//
// A layer holds no weights: init() makes them, apply() takes them. So a network
// is a pure function of its parameters and can be differentiated, compiled and
// run in a Session. Samples are rows (m, n) unless the network says columns (n, m).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/array.h"
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

enum class Role : uint8_t {
  weight,
  bias,       // biases; scales and shifts of normalisation
  statistic,  // a moving average over the batches of training: without a gradient
};

struct ParameterShape {
  std::string name;
  Shape shape;
  Role role = Role::weight;
};

// What apply() may need besides parameters and input.
struct Context {
  Layout layout = Layout::rows;
  bool training = false;
  Array key{int64_t{0}};  // int64 scalar, of this step: the randomness of dropout
  int layer = 0;          // counts the layers up as they are applied; mixed into the key
};

class Layer {
 public:
  virtual ~Layer() = default;
  virtual std::string describe() const = 0;  // "Dense(128, relu)"
  // Errors: ValueError where the layer can't take that many.
  virtual int64_t outputs(int64_t inputs) const { return inputs; }
  // Names and shapes of what init() makes, in its order; none by default.
  virtual std::vector<ParameterShape> parameter_shapes(int64_t inputs, Layout layout) const;
  virtual std::vector<Parameter> init(int64_t inputs, Layout layout, Init init,
                                      Generator& generator, DType dtype) const;
  // In training, statistics among the parameters are replaced by their next values.
  virtual Array apply(std::span<Array> parameters, const Array& x, Context& context) const = 0;
  virtual std::string to_json() const = 0;  // {"type": "dense", "units": 128, …}
};
using LayerPtr = std::shared_ptr<const Layer>;

// Rows: X (m, n) · W (n, units) + b (units,).  Columns: W (units, n) · X (n, m) + b (units, 1).
LayerPtr dense(int64_t units, Activation activation = Activation::identity);
LayerPtr activation(Activation activation);
// Zeroes a share `rate` of the features in training, scaling the rest by 1 / (1 − rate).
LayerPtr dropout(double rate);

// ---- normalisation: (X − mean) / √(variance + epsilon) · scale + shift ----

// Of each feature over the samples: those of the batch in training, moving averages else, which
// go a share `momentum` towards each batch (its variance by m − 1). A batch of one sample comes
// out as the shift, and moves the mean alone.
// Parameters: scale, shift, mean, variance of (n,) or (n, 1).
// As torch.nn.BatchNorm1d.  Source: Ioffe & Szegedy 2015.
LayerPtr batch_norm(double momentum = 0.1, double epsilon = 1e-5);
// Of each sample over the features. Parameters: scale, shift of (n,) or (n, 1).
// As torch.nn.LayerNorm.  Source: Ba et al. 2016.
LayerPtr layer_norm(double epsilon = 1e-5);

// ---- blocks ----

// X + f(X), f being the layers one after the other, which must keep the number of features.
// Source: He et al. 2016.
LayerPtr residual(std::vector<LayerPtr> layers);
// A dense layer of its own for each of `groups` equal runs of features.
// X (m, groups · n), W (groups, n, units), b (groups, 1, units) → (m, groups · units);
// columns: W (groups, units, n), b (groups, units, 1).
LayerPtr grouped_dense(int64_t groups, int64_t units, Activation activation = Activation::identity);

// ---- embeddings of categories and of numbers ----

struct EmbeddedColumn {
  int64_t column;      // holds the numbers 0 … categories − 1
  int64_t categories;  // reserve one for categories that training does not know
  int64_t width;
};
// Columns of category numbers become vectors of trained tables. The other features come first,
// in order, then the vectors in the order given.
// Parameters: table_<column> (categories, width), or (width, categories) for columns; at first
// uniform in ±1/√width.  Errors: IndexError for other numbers, when values are read.
LayerPtr embedding(std::vector<EmbeddedColumn> columns);

// Each feature becomes a number a bin between its ascending edges b₀ … b_T: in bin t
// (x − b₍t−1₎) / (b_t − b₍t−1₎), before it 0, after it 1; the outer bins go on beyond.
// X (m, n) → (m, ΣT). No parameters.  Source: Gorishniy, Rubachev & Babenko 2022, equation 1.
LayerPtr piecewise_linear(std::vector<std::vector<double>> edges);
// Each feature x becomes sin(2π·c·x) for `frequencies` trained numbers c, then cos likewise;
// c is at first normal · sigma.  X (m, n) → (m, n · 2 · frequencies).
// Parameters: frequency (n, frequencies).  Source: the same, section 3.3.
// Both are meant to be followed by grouped_dense(n, width, Activation::relu).
LayerPtr periodic(int64_t frequencies, double sigma);

LayerPtr layer_from_json(const std::string& json);  // Errors: DataError naming an unknown type

// Layers one after the other.
class Sequential {
 public:
  Sequential() = default;
  // Errors: ValueError for widths < 1 and for a layer that can't take what the one before gives.
  Sequential(int64_t inputs, std::vector<LayerPtr> layers, Layout layout = Layout::rows);

  std::vector<ParameterShape> parameter_shapes() const;
  std::vector<Parameter> init(Generator& generator, Init init = Init::uniform_fan_in,
                              DType dtype = DType::float32) const;
  // x: (m, inputs) or (inputs, m).
  Array operator()(std::span<const Array> parameters, const Array& x) const;  // inference
  Array apply(std::span<const Array> parameters, const Array& x, bool training,
              const Array& key) const;
  // A pass in training and the parameters after it: statistics have taken in the batch, the
  // others are those given.
  struct Pass {
    Array output;
    std::vector<Array> parameters;
  };
  Pass training_pass(std::span<const Array> parameters, const Array& x, const Array& key) const;
  int64_t inputs() const { return inputs_; }
  int64_t outputs() const;
  Layout layout() const { return layout_; }
  const std::vector<LayerPtr>& layers() const { return layers_; }
  std::string summary() const;  // a table: layer, output shape, parameters
  int64_t parameter_count() const;
  std::string to_json() const;
  static Sequential from_json(const std::string& json);

 private:
  Pass pass(std::span<const Array> parameters, const Array& x, Context context) const;

  int64_t inputs_ = 0;
  std::vector<LayerPtr> layers_;
  Layout layout_ = Layout::rows;
};

// For OptimizerOptions: all of the weight decay for weights, a share `biases` of it for biases,
// scales and shifts, none for statistics.
std::vector<double> decay_factors(const Sequential& network, double biases = 1);

}  // namespace lanewise::nn
