// Layers made of layers, or of many small ones side by side.
#include <nlohmann/json.hpp>

#include "base/names.h"
#include "lanewise/layers.h"
#include "lanewise/ops.h"
#include "nn/chain.h"
#include "nn/init.h"
#include "nn/layer_checks.h"
#include "nn/layer_file.h"
#include "nn/layout.h"

namespace lanewise::nn {
namespace {

using nlohmann::json;

class Residual : public Layer {
 public:
  explicit Residual(std::vector<LayerPtr> layers) : layers_(std::move(layers)) {
    for (const LayerPtr& layer : layers_)
      if (!layer) throw ValueError("residual: a layer is null");
  }

  std::string describe() const override {
    std::vector<std::string> inner;
    for (const LayerPtr& layer : layers_) inner.push_back(layer->describe());
    return fmt::format("Residual({})", fmt::join(inner, ", "));
  }

  int64_t outputs(int64_t inputs) const override {
    const int64_t outputs = chain_outputs(layers_, inputs);
    if (outputs != inputs)
      throw ValueError(
          fmt::format("residual: its layers turn {} features into {}; let the last "
                      "one give {}, so that the input can be added",
                      inputs, outputs, inputs));
    return outputs;
  }

  std::vector<ParameterShape> parameter_shapes(int64_t inputs, Layout layout) const override {
    return chain_shapes(layers_, inputs, layout);
  }

  std::vector<Parameter> init(int64_t inputs, Layout layout, Init init, Generator& generator,
                              DType dtype) const override {
    return chain_init(layers_, inputs, layout, init, generator, dtype);
  }

  Array apply(std::span<Array> parameters, const Array& X, Context& context) const override {
    return X + chain_apply(layers_, parameters, X, context);
  }

  std::string to_json() const override {
    return json{{"type", "residual"}, {"layers", written(layers_)}}.dump();
  }

 private:
  std::vector<LayerPtr> layers_;
};

class GroupedDense : public Layer {
 public:
  GroupedDense(int64_t groups, int64_t units, Activation activation)
      : groups_(groups), units_(units), activation_(activation) {
    check_width("grouped_dense", "groups", groups);
    check_width("grouped_dense", "units", units);
    check_width("grouped_dense", "groups · units", groups * units);
  }

  std::string describe() const override {
    if (activation_ == Activation::identity)
      return fmt::format("GroupedDense({} × {})", groups_, units_);
    return fmt::format("GroupedDense({} × {}, {})", groups_, units_, name(activation_));
  }

  int64_t outputs(int64_t inputs) const override {
    if (inputs % groups_ != 0)
      throw ValueError(
          fmt::format("grouped_dense: {} features don't make {} equal groups", inputs, groups_));
    return groups_ * units_;
  }

  std::vector<ParameterShape> parameter_shapes(int64_t inputs, Layout layout) const override {
    const int64_t n = inputs / groups_;
    if (layout == Layout::rows)
      return {{"weight", {groups_, n, units_}}, {"bias", {groups_, 1, units_}, Role::bias}};
    return {{"weight", {groups_, units_, n}}, {"bias", {groups_, units_, 1}, Role::bias}};
  }

  std::vector<Parameter> init(int64_t inputs, Layout layout, Init init, Generator& generator,
                              DType dtype) const override {
    const auto shapes = parameter_shapes(inputs, layout);
    const FirstValues first = first_values(init, shapes[0].shape, shapes[1].shape, inputs / groups_,
                                           units_, generator, dtype);
    return {{shapes[0].name, first.weight}, {shapes[1].name, first.bias}};
  }

  Array apply(std::span<Array> parameters, const Array& X, Context& context) const override {
    const Array &W = parameters[0], &b = parameters[1];
    const int64_t m = X.shape(sample_axis(context.layout));
    const int64_t n = X.shape(feature_axis(context.layout)) / groups_;
    return activate(activation_,
                    context.layout == Layout::rows ? rows(X, W, b, m, n) : columns(X, W, b, m, n),
                    context.layout);
  }

  std::string to_json() const override {
    return json{{"type", "grouped_dense"},
                {"groups", groups_},
                {"units", units_},
                {"activation", name(activation_)}}
        .dump();
  }

 private:
  Array rows(const Array& X, const Array& W, const Array& b, int64_t m, int64_t n) const {
    const Array runs = transpose(reshape(X, {m, groups_, n}), {1, 0, 2});
    return reshape(transpose(matmul(runs, W) + b, {1, 0, 2}), {m, groups_ * units_});
  }
  Array columns(const Array& X, const Array& W, const Array& b, int64_t m, int64_t n) const {
    return reshape(matmul(W, reshape(X, {groups_, n, m})) + b, {groups_ * units_, m});
  }

  int64_t groups_, units_;
  Activation activation_;
};

}  // namespace

LayerPtr residual(std::vector<LayerPtr> layers) {
  return std::make_shared<Residual>(std::move(layers));
}
LayerPtr grouped_dense(int64_t groups, int64_t units, Activation activation) {
  return std::make_shared<GroupedDense>(groups, units, activation);
}

}  // namespace lanewise::nn
