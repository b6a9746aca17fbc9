// What each sample costs, of which the losses are means.
#pragma once

#include "lanewise/losses.h"

namespace lanewise::nn {

// One entry a sample; shapes and targets as loss_of() takes them.
Array sample_costs(Loss loss, const Array& output, const Array& targets, Layout layout,
                   const LossOptions& options);

}  // namespace lanewise::nn
