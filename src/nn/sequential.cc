#include <algorithm>
#include <nlohmann/json.hpp>

#include "lanewise/nn.h"
#include "nn/names.h"

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
}

std::vector<ParameterShape> Sequential::parameter_shapes() const {
  std::vector<ParameterShape> all;
  int64_t width = inputs_;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    for (ParameterShape& p : layers_[i]->parameter_shapes(width, layout_))
      all.push_back({fmt::format("{}.{}", i, p.name), p.shape});
    width = layers_[i]->outputs(width);
  }
  return all;
}

std::vector<Parameter> Sequential::init(Generator& generator, Init init, DType dtype) const {
  std::vector<Parameter> all;
  int64_t width = inputs_;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    for (Parameter& p : layers_[i]->init(width, layout_, init, generator, dtype))
      all.push_back({fmt::format("{}.{}", i, p.name), std::move(p.value)});
    width = layers_[i]->outputs(width);
  }
  return all;
}

Array Sequential::operator()(std::span<const Array> parameters, const Array& x) const {
  return apply(parameters, x, false, Array(int64_t{0}));
}

Array Sequential::apply(std::span<const Array> parameters, const Array& x, bool training,
                        const Array& key) const {
  const std::size_t expected = parameter_shapes().size();
  if (parameters.size() != expected)
    throw ValueError(fmt::format("the network has {} parameter arrays, {} were given", expected,
                                 parameters.size()));
  Context context{layout_, training, key, 0};
  Array A = x;
  int64_t width = inputs_;
  for (const LayerPtr& layer : layers_) {
    const std::size_t count = layer->parameter_shapes(width, layout_).size();
    A = layer->apply(parameters.first(count), A, context);
    parameters = parameters.subspan(count);
    width = layer->outputs(width);
    ++context.layer;
  }
  return A;
}

int64_t Sequential::outputs() const {
  int64_t width = inputs_;
  for (const LayerPtr& layer : layers_) width = layer->outputs(width);
  return width;
}

int64_t Sequential::parameter_count() const {
  int64_t count = 0;
  for (const ParameterShape& p : parameter_shapes()) count += element_count(p.shape);
  return count;
}

std::string Sequential::summary() const {
  constexpr auto kLine = "{:<24}{:<16}{:>12}\n";
  std::string text = fmt::format(kLine, "layer", "output", "parameters");
  text += fmt::format(kLine, "input", with_m(output_shape(inputs_, layout_)), 0);
  int64_t width = inputs_;
  for (const LayerPtr& layer : layers_) {
    int64_t count = 0;
    for (const ParameterShape& p : layer->parameter_shapes(width, layout_))
      count += element_count(p.shape);
    width = layer->outputs(width);
    text += fmt::format(kLine, layer->describe(), with_m(output_shape(width, layout_)), count);
  }
  return text + fmt::format("{} parameters\n", parameter_count());
}

std::string Sequential::to_json() const {
  json layers = json::array();
  for (const LayerPtr& layer : layers_) layers.push_back(json::parse(layer->to_json()));
  return json{{"inputs", inputs_}, {"layout", row_of(kLayouts, layout_).name}, {"layers", layers}}
      .dump();
}

Sequential Sequential::from_json(const std::string& text) {
  try {
    const json network = json::parse(text);
    const auto layout = network.at("layout").get<std::string>();
    std::vector<LayerPtr> layers;
    for (const json& layer : network.at("layers")) layers.push_back(layer_from_json(layer.dump()));
    return Sequential(network.at("inputs").get<int64_t>(), std::move(layers),
                      row_named(kLayouts, "layout", layout).value);
  } catch (const json::exception& error) {
    throw DataError(fmt::format("network: {}", error.what()));
  } catch (const ValueError& error) {
    throw DataError(fmt::format("network: {}", error.what()));
  }
}

}  // namespace lanewise::nn
