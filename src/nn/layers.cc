// The layers of every network. A layer is a few lines: what it computes, which
// parameters it wants, how it is written to a file.
#include <nlohmann/json.hpp>

#include "base/names.h"
#include "lanewise/layers.h"
#include "lanewise/ops.h"
#include "nn/init.h"
#include "nn/layer_checks.h"

namespace lanewise::nn {
namespace {

using nlohmann::json;

class Dense : public Layer {
 public:
  Dense(int64_t units, Activation activation) : units_(units), activation_(activation) {
    check_width("dense", "units", units);
  }

  std::string describe() const override {
    if (activation_ == Activation::identity) return fmt::format("Dense({})", units_);
    return fmt::format("Dense({}, {})", units_, name(activation_));
  }

  int64_t outputs(int64_t) const override { return units_; }

  std::vector<ParameterShape> parameter_shapes(int64_t inputs, Layout layout) const override {
    if (layout == Layout::rows)
      return {{"weight", {inputs, units_}}, {"bias", {units_}, Role::bias}};
    return {{"weight", {units_, inputs}}, {"bias", {units_, 1}, Role::bias}};
  }

  std::vector<Parameter> init(int64_t inputs, Layout layout, Init init, Generator& generator,
                              DType dtype) const override {
    const auto shapes = parameter_shapes(inputs, layout);
    const FirstValues first =
        first_values(init, shapes[0].shape, shapes[1].shape, inputs, units_, generator, dtype);
    return {{shapes[0].name, first.weight}, {shapes[1].name, first.bias}};
  }

  Array apply(std::span<Array> parameters, const Array& X, Context& context) const override {
    const Array &W = parameters[0], &b = parameters[1];
    const Array Z = (context.layout == Layout::rows ? matmul(X, W) : matmul(W, X)) + b;
    return activate(activation_, Z, context.layout);
  }

  std::string to_json() const override {
    return json{{"type", "dense"}, {"units", units_}, {"activation", name(activation_)}}.dump();
  }

 private:
  int64_t units_;
  Activation activation_;
};

class ActivationLayer : public Layer {
 public:
  explicit ActivationLayer(Activation activation) : activation_(activation) {}

  std::string describe() const override { return fmt::format("Activation({})", name(activation_)); }

  Array apply(std::span<Array>, const Array& X, Context& context) const override {
    return activate(activation_, X, context.layout);
  }

  std::string to_json() const override {
    return json{{"type", "activation"}, {"activation", name(activation_)}}.dump();
  }

 private:
  Activation activation_;
};

// Inverted dropout: what is kept is scaled up in training, so that inference is
// the identity.  Source: Srivastava et al. 2014.
class Dropout : public Layer {
 public:
  explicit Dropout(double rate) : rate_(rate) {
    if (!(rate >= 0 && rate < 1))
      throw ValueError(fmt::format("dropout: rate is {}, expected 0 ≤ rate < 1", rate));
  }

  std::string describe() const override { return fmt::format("Dropout({})", rate_); }

  Array apply(std::span<Array>, const Array& X, Context& context) const override {
    if (!context.training || rate_ == 0) return X;
    // Layers of one step draw from different streams.
    const Array key = astype(context.key, DType::int64) * 1024 + context.layer;
    const Array kept = random::counter_uniform(key, X) >= rate_;
    return where(kept, X * (1 / (1 - rate_)), 0.0);
  }

  std::string to_json() const override { return json{{"type", "dropout"}, {"rate", rate_}}.dump(); }

 private:
  double rate_;
};

}  // namespace

std::vector<ParameterShape> Layer::parameter_shapes(int64_t, Layout) const { return {}; }

std::vector<Parameter> Layer::init(int64_t, Layout, Init, Generator&, DType) const { return {}; }

LayerPtr dense(int64_t units, Activation activation) {
  return std::make_shared<Dense>(units, activation);
}
LayerPtr activation(Activation activation) { return std::make_shared<ActivationLayer>(activation); }
LayerPtr dropout(double rate) { return std::make_shared<Dropout>(rate); }

}  // namespace lanewise::nn
