// The layers and their table. A layer is a few lines: what it computes, which
// parameters it wants, how it is written to a file and read back.
#include <nlohmann/json.hpp>

#include "lanewise/nn.h"
#include "lanewise/ops.h"
#include "nn/init.h"
#include "nn/names.h"

namespace lanewise::nn {
namespace {

using nlohmann::json;

// A width beyond this is a mistake, and products of two still fit an int64.
constexpr int64_t kMaxUnits = int64_t{1} << 30;

class Dense : public Layer {
 public:
  Dense(int64_t units, Activation activation) : units_(units), activation_(activation) {
    if (units < 1 || units > kMaxUnits)
      throw ValueError(fmt::format("dense: units is {}, expected 1 … {}", units, kMaxUnits));
  }

  std::string describe() const override {
    if (activation_ == Activation::identity) return fmt::format("Dense({})", units_);
    return fmt::format("Dense({}, {})", units_, name(activation_));
  }

  int64_t outputs(int64_t) const override { return units_; }

  std::vector<ParameterShape> parameter_shapes(int64_t inputs, Layout layout) const override {
    if (layout == Layout::rows) return {{"weight", {inputs, units_}}, {"bias", {units_}}};
    return {{"weight", {units_, inputs}}, {"bias", {units_, 1}}};
  }

  std::vector<Parameter> init(int64_t inputs, Layout layout, Init init, Generator& generator,
                              DType dtype) const override {
    const auto shapes = parameter_shapes(inputs, layout);
    const FirstValues first =
        first_values(init, shapes[0].shape, shapes[1].shape, inputs, units_, generator, dtype);
    return {{shapes[0].name, first.weight}, {shapes[1].name, first.bias}};
  }

  Array apply(std::span<const Array> parameters, const Array& X,
              const Context& context) const override {
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

  Array apply(std::span<const Array>, const Array& X, const Context& context) const override {
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

  Array apply(std::span<const Array>, const Array& X, const Context& context) const override {
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

Activation activation_of(const json& layer) {
  return activation_from_name(layer.at("activation").get<std::string>());
}

struct Row {
  std::string_view name;
  LayerPtr (*read)(const json& layer);
};

const Row kLayers[] = {
    {"dense", [](const json& l) { return dense(l.at("units").get<int64_t>(), activation_of(l)); }},
    {"activation", [](const json& l) { return activation(activation_of(l)); }},
    {"dropout", [](const json& l) { return dropout(l.at("rate").get<double>()); }},
};

}  // namespace

std::vector<ParameterShape> Layer::parameter_shapes(int64_t, Layout) const { return {}; }

std::vector<Parameter> Layer::init(int64_t, Layout, Init, Generator&, DType) const { return {}; }

LayerPtr dense(int64_t units, Activation activation) {
  return std::make_shared<Dense>(units, activation);
}
LayerPtr activation(Activation activation) { return std::make_shared<ActivationLayer>(activation); }
LayerPtr dropout(double rate) { return std::make_shared<Dropout>(rate); }

LayerPtr layer_from_json(const std::string& text) {
  try {
    const json layer = json::parse(text);
    const auto type = layer.at("type").get<std::string>();
    return row_named(kLayers, "layer", type).read(layer);
  } catch (const json::exception& error) {
    throw DataError(fmt::format("layer {}: {}", text, error.what()));
  } catch (const ValueError& error) {
    throw DataError(fmt::format("layer {}: {}", text, error.what()));
  }
}

}  // namespace lanewise::nn
