// What a dense network costs, from its widths alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/dtype.h"

namespace lanewise::cli {

// Counts are multiply-adds; a multiply-add is 2 FLOPs. Activation functions,
// losses and the update of the parameters are left out: they grow with the
// number of units, products with its square.
struct Cost {
  int64_t parameters = 0;
  int64_t forward = 0;           // A · W of every layer
  int64_t backward = 0;          // dW = Aᵀ · dZ, and dA = dZ · Wᵀ but for the first layer
  int64_t activation_bytes = 0;  // the layer's output A; X isn't counted
  int64_t parameter_bytes = 0;
};

struct LayerCost : Cost {
  int64_t inputs = 0, outputs = 0;
};

struct NetworkCost {
  std::vector<int64_t> widths;
  std::vector<LayerCost> layers;
  Cost total;
  int64_t input_bytes = 0;  // X
};

// "100-64-32-1".  Errors: ValueError for anything else than two or more widths ≥ 1.
std::vector<int64_t> parse_widths(std::string_view text);

// Errors: ValueError for samples < 1 and for counts above 2⁶³.
NetworkCost network_cost(const std::vector<int64_t>& widths, int64_t samples, DType dtype);

}  // namespace lanewise::cli
