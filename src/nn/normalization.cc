// Batch and layer normalisation: mean and spread of one axis taken out, a
// trained scale and shift put in.
#include <nlohmann/json.hpp>

#include "base/names.h"
#include "lanewise/layers.h"
#include "lanewise/ops.h"
#include "nn/layout.h"

namespace lanewise::nn {
namespace {

using nlohmann::json;

void check_epsilon(std::string_view layer, double epsilon) {
  if (!(epsilon > 0))
    throw ValueError(fmt::format("{}: epsilon is {}, expected a number > 0", layer, epsilon));
}

// A layer whose parameters are vectors along the features that start at 0 or 1.
class Normalization : public Layer {
 public:
  std::vector<ParameterShape> parameter_shapes(int64_t inputs, Layout layout) const override {
    std::vector<ParameterShape> shapes;
    for (const Vector& v : vectors())
      shapes.push_back({v.name, feature_shape(inputs, layout), v.role});
    return shapes;
  }

  std::vector<Parameter> init(int64_t inputs, Layout layout, Init, Generator&,
                              DType dtype) const override {
    std::vector<Parameter> parameters;
    for (const Vector& v : vectors())
      parameters.push_back({v.name, full(feature_shape(inputs, layout), v.first, dtype)});
    return parameters;
  }

 protected:
  struct Vector {
    const char* name;
    Role role;
    double first;
  };
  virtual std::span<const Vector> vectors() const = 0;

  static constexpr Vector kVectors[] = {{"scale", Role::bias, 1},
                                        {"shift", Role::bias, 0},
                                        {"mean", Role::statistic, 0},
                                        {"variance", Role::statistic, 1}};
};

class BatchNorm : public Normalization {
 public:
  BatchNorm(double momentum, double epsilon) : momentum_(momentum), epsilon_(epsilon) {
    if (!(momentum >= 0 && momentum <= 1))
      throw ValueError(
          fmt::format("batch_norm: momentum is {}, expected 0 ≤ momentum ≤ 1", momentum));
    check_epsilon("batch_norm", epsilon);
  }

  std::string describe() const override { return "BatchNorm"; }

  Array apply(std::span<Array> parameters, const Array& X, Context& context) const override {
    const Array &scale = parameters[0], &shift = parameters[1];
    Array &mean = parameters[2], &variance = parameters[3];
    if (!context.training) return (X - mean) * (scale / sqrt(variance + epsilon_)) + shift;
    const int samples = sample_axis(context.layout);
    const bool keep = context.layout == Layout::columns;
    const Array batch_mean = lanewise::mean(X, samples, keep);
    const Array unbiased = var(X, samples, keep, 1);
    mean = moved(mean, batch_mean);
    // One sample has no variance: it is 0 / 0.
    variance = where(isnan(unbiased), variance, moved(variance, unbiased));
    return (X - batch_mean) * (scale / sqrt(var(X, samples, keep) + epsilon_)) + shift;
  }

  std::string to_json() const override {
    return json{{"type", "batch_norm"}, {"momentum", momentum_}, {"epsilon", epsilon_}}.dump();
  }

 private:
  std::span<const Vector> vectors() const override { return kVectors; }
  Array moved(const Array& average, const Array& batch) const {
    return (1 - momentum_) * average + momentum_ * batch;
  }

  double momentum_, epsilon_;
};

class LayerNorm : public Normalization {
 public:
  explicit LayerNorm(double epsilon) : epsilon_(epsilon) { check_epsilon("layer_norm", epsilon); }

  std::string describe() const override { return "LayerNorm"; }

  Array apply(std::span<Array> parameters, const Array& X, Context& context) const override {
    const Array &scale = parameters[0], &shift = parameters[1];
    const int features = feature_axis(context.layout);
    const Array spread = sqrt(var(X, features, true) + epsilon_);
    return (X - mean(X, features, true)) / spread * scale + shift;
  }

  std::string to_json() const override {
    return json{{"type", "layer_norm"}, {"epsilon", epsilon_}}.dump();
  }

 private:
  std::span<const Vector> vectors() const override { return std::span(kVectors).first(2); }

  double epsilon_;
};

}  // namespace

LayerPtr batch_norm(double momentum, double epsilon) {
  return std::make_shared<BatchNorm>(momentum, epsilon);
}
LayerPtr layer_norm(double epsilon) { return std::make_shared<LayerNorm>(epsilon); }

}  // namespace lanewise::nn
