// A training step of several networks as one program of a session.
//
// The state is, for each member in turn, [parameters, moments, averages]. The step computes
// each one's loss on the batch, gradients, the optimiser's update and the moving average of
// the weights. What changes from step to step comes in as scalars, so that the program is
// planned once.
#pragma once

#include <span>
#include <vector>

#include "lanewise/runtime.h"
#include "nn/fit_data.h"
#include "nn/fit_members.h"

namespace lanewise::nn {

// The scalars of step `step` (from 1) for these members.
std::vector<double> step_scalars(const Members& all, std::span<const int> members, uint32_t seed,
                                 int64_t step);

// fields: of a batch. The metrics are those of each member in turn.
Session::Step training_step(const Members& all, std::vector<int> members, Loss loss,
                            FitFields fields);

}  // namespace lanewise::nn
