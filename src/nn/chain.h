// Layers one after the other, as networks and residual blocks hold them: each
// takes as many features as the one before gives.
#pragma once

#include "lanewise/layers.h"

namespace lanewise::nn {

using Layers = std::span<const LayerPtr>;

// Names are "<number of the layer>.<name within it>".
std::vector<ParameterShape> chain_shapes(Layers layers, int64_t inputs, Layout layout);
std::vector<Parameter> chain_init(Layers layers, int64_t inputs, Layout layout, Init init,
                                  Generator& generator, DType dtype);
int64_t chain_outputs(Layers layers, int64_t inputs);
Array chain_apply(Layers layers, std::span<Array> parameters, const Array& x, Context& context);

}  // namespace lanewise::nn
