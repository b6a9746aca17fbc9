// The table of activations. A row is all there is to say of one.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/names.h"
#include "lanewise/layers.h"
#include "lanewise/ops.h"
#include "nn/layout.h"

namespace lanewise::nn {
namespace {

Array gelu(const Array& z) { return 0.5 * z * (1 + erf(z * std::sqrt(0.5))); }

struct Row {
  Activation value;
  std::string_view name;
  Array (*apply)(const Array& z, Layout layout);
};

const Row kActivations[] = {
    {Activation::identity, "identity", [](const Array& z, Layout) { return z; }},
    {Activation::sigmoid, "sigmoid", [](const Array& z, Layout) { return sigmoid(z); }},
    {Activation::tanh, "tanh", [](const Array& z, Layout) { return tanh(z); }},
    {Activation::relu, "relu", [](const Array& z, Layout) { return relu(z); }},
    {Activation::leaky_relu, "leaky_relu",
     [](const Array& z, Layout) { return where(z > 0, z, 0.01 * z); }},
    {Activation::gelu, "gelu", [](const Array& z, Layout) { return gelu(z); }},
    {Activation::silu, "silu", [](const Array& z, Layout) { return z * sigmoid(z); }},
    {Activation::softmax, "softmax",
     [](const Array& z, Layout layout) { return softmax(z, feature_axis(layout)); }},
};

}  // namespace

std::string_view name(Activation activation) { return row_of(kActivations, activation).name; }

Activation activation_from_name(std::string_view name) {
  return row_named(kActivations, "activation", name).value;
}

std::span<const Activation> activations() {
  static const std::vector<Activation> all = [] {
    std::vector<Activation> values;
    for (const Row& row : kActivations) values.push_back(row.value);
    return values;
  }();
  return all;
}

Array activate(Activation activation, const Array& z, Layout layout) {
  return row_of(kActivations, activation).apply(z, layout);
}

}  // namespace lanewise::nn
