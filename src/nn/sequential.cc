#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/names.h"
#include "lanewise/layers.h"
#include "nn/chain.h"
#include "nn/layer_file.h"

namespace lanewise::nn {
namespace {

using nlohmann::json;

struct Row {
  Layout value;
  std::string_view name;
};
const Row kLayouts[] = {{Layout::rows, "rows"}, {Layout::columns, "columns"}};

Shape output_shape(int64_t units, Layout layout) {
  return layout == Layout::rows ? Shape{-1, units} : Shape{units, -1};
}

// "(m, 128)": the number of samples is open.
std::string with_m(const Shape& shape) {
  std::string text = to_string(shape);
  return text.replace(text.find("-1"), 2, "m");
}

}  // namespace

Sequential::Sequential(int64_t inputs, std::vector<LayerPtr> layers, Layout layout)
    : inputs_(inputs), layers_(std::move(layers)), layout_(layout) {
  if (inputs < 1)
    throw ValueError(fmt::format("Sequential: inputs is {}, expected 1 or more", inputs));
  for (const LayerPtr& layer : layers_)
    if (!layer) throw ValueError("Sequential: a layer is null");
  outputs();
}

std::vector<ParameterShape> Sequential::parameter_shapes() const {
  return chain_shapes(layers_, inputs_, layout_);
}

std::vector<Parameter> Sequential::init(Generator& generator, Init init, DType dtype) const {
  return chain_init(layers_, inputs_, layout_, init, generator, dtype);
}

Array Sequential::operator()(std::span<const Array> parameters, const Array& x) const {
  return apply(parameters, x, false, Array(int64_t{0}));
}

Array Sequential::apply(std::span<const Array> parameters, const Array& x, bool training,
                        const Array& key) const {
  return pass(parameters, x, {layout_, training, key, 0}).output;
}

Sequential::Pass Sequential::training_pass(std::span<const Array> parameters, const Array& x,
                                           const Array& key) const {
  return pass(parameters, x, {layout_, true, key, 0});
}

Sequential::Pass Sequential::pass(std::span<const Array> parameters, const Array& x,
                                  Context context) const {
  const std::size_t expected = parameter_shapes().size();
  if (parameters.size() != expected)
    throw ValueError(fmt::format("the network has {} parameter arrays, {} were given", expected,
                                 parameters.size()));
  std::vector<Array> after(parameters.begin(), parameters.end());
  Array output = chain_apply(layers_, after, x, context);
  return {std::move(output), std::move(after)};
}

int64_t Sequential::outputs() const { return chain_outputs(layers_, inputs_); }

int64_t Sequential::parameter_count() const {
  int64_t count = 0;
  for (const ParameterShape& p : parameter_shapes()) count += element_count(p.shape);
  return count;
}

std::string Sequential::summary() const {
  std::size_t longest = 22;
  for (const LayerPtr& layer : layers_) longest = std::max(longest, layer->describe().size());
  const auto line = [&](std::string_view layer, std::string_view output, const auto& parameters) {
    return fmt::format("{:<{}}{:<16}{:>12}\n", layer, longest + 2, output, parameters);
  };
  std::string text = line("layer", "output", "parameters");
  text += line("input", with_m(output_shape(inputs_, layout_)), 0);
  int64_t width = inputs_;
  for (const LayerPtr& layer : layers_) {
    int64_t count = 0;
    for (const ParameterShape& p : layer->parameter_shapes(width, layout_))
      count += element_count(p.shape);
    width = layer->outputs(width);
    text += line(layer->describe(), with_m(output_shape(width, layout_)), count);
  }
  return text + fmt::format("{} parameters\n", parameter_count());
}

std::string Sequential::to_json() const {
  return json{
      {"inputs", inputs_}, {"layout", row_of(kLayouts, layout_).name}, {"layers", written(layers_)}}
      .dump();
}

Sequential Sequential::from_json(const std::string& text) {
  try {
    const json network = parse_layers(text);
    const auto layout = network.at("layout").get<std::string>();
    return Sequential(network.at("inputs").get<int64_t>(), read_layers(network),
                      row_named(kLayouts, "layout", layout).value);
  } catch (const json::exception& error) {
    throw DataError(fmt::format("network: {}", error.what()));
  } catch (const ValueError& error) {
    throw DataError(fmt::format("network: {}", error.what()));
  }
}

std::vector<double> decay_factors(const Sequential& network, double biases) {
  std::vector<double> factors;
  for (const ParameterShape& p : network.parameter_shapes())
    factors.push_back(p.role == Role::weight ? 1 : p.role == Role::bias ? biases : 0);
  return factors;
}

}  // namespace lanewise::nn
