// What a user hands to fit(), checked once and brought into the form that every
// step takes, so that no step converts or copies it again.
#pragma once

#include <vector>

#include "lanewise/nn.h"
#include "nn/layout.h"

namespace lanewise::nn {

// {x, y} or {x, y, weights}: the dtypes of the program; along the samples all
// arrays have equal extents. `which` ("training", "validation") appears in errors.
// Errors: ShapeError; ValueError for no rows or targets that the loss can't take.
std::vector<Array> program_data(const Sequential& network, const FitData& data, Loss loss,
                                DType dtype, std::string_view which);

}  // namespace lanewise::nn
