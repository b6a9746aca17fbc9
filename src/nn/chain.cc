#include "nn/chain.h"

#include <fmt/format.h>

#include "nn/layout.h"

namespace lanewise::nn {

std::vector<ParameterShape> chain_shapes(Layers layers, int64_t inputs, Layout layout) {
  std::vector<ParameterShape> all;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (const ParameterShape& p : layers[i]->parameter_shapes(inputs, layout))
      all.push_back({fmt::format("{}.{}", i, p.name), p.shape, p.role});
    inputs = layers[i]->outputs(inputs);
  }
  return all;
}

std::vector<Parameter> chain_init(Layers layers, int64_t inputs, Layout layout, Init init,
                                  Generator& generator, DType dtype) {
  std::vector<Parameter> all;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (Parameter& p : layers[i]->init(inputs, layout, init, generator, dtype))
      all.push_back({fmt::format("{}.{}", i, p.name), std::move(p.value)});
    inputs = layers[i]->outputs(inputs);
  }
  return all;
}

int64_t chain_outputs(Layers layers, int64_t inputs) {
  for (const LayerPtr& layer : layers) inputs = layer->outputs(inputs);
  return inputs;
}

Array chain_apply(Layers layers, std::span<Array> parameters, const Array& x, Context& context) {
  Array A = x;
  int64_t inputs = x.shape(feature_axis(context.layout));
  for (const LayerPtr& layer : layers) {
    const std::size_t count = layer->parameter_shapes(inputs, context.layout).size();
    A = layer->apply(parameters.first(count), A, context);
    parameters = parameters.subspan(count);
    inputs = layer->outputs(inputs);
    ++context.layer;
  }
  return A;
}

}  // namespace lanewise::nn
