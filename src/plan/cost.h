// What a step costs a sample, in nanoseconds of one core of this machine: enough to
// choose between computing a value again and keeping it.
#pragma once

#include "plan/plan.h"

namespace lanewise::plan {

// Elements of a sample; `axis` runs along the samples.
int64_t sample_size(const Step& step, int axis);

// Arithmetic of a sample: 2 n k for a product, about 20 an element for a function.
double sample_flops(const std::vector<Step>& steps, const Step& step, int axis);

double computing_cost(const std::vector<Step>& steps, const Step& step, int axis);
double keeping_cost(const Step& step, int axis);  // writing and reading it once

}  // namespace lanewise::plan
