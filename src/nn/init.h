// First weights of a layer: where a network starts decides whether signals and
// gradients keep their size from layer to layer.
#pragma once

#include "lanewise/nn.h"

namespace lanewise::nn {

struct FirstValues {
  Array weight, bias;
};

// Weight and bias of a layer with `inputs` and `units`, of the given shapes;
// the weight is drawn first.
FirstValues first_values(Init init, const Shape& weight, const Shape& bias, int64_t inputs,
                         int64_t units, Generator& generator, DType dtype);

}  // namespace lanewise::nn
