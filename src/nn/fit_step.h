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

namespace lanewise::nn {

// How many arrays of each kind a member's state holds.
struct MemberState {
  std::size_t parameters = 0, moments = 0, averages = 0;
  std::size_t size() const { return parameters + moments + averages; }
};

// The state before the first step.
std::vector<Array> first_state(const FitOptions& options, const std::vector<Array>& parameters);

// The scalars of step `step` (from 1) for these members.
std::vector<double> step_scalars(const FitOptions& options, std::span<const int> members,
                                 int64_t step);

// fields: of a batch. The metrics are those of each member in turn.
Session::Step training_step(const Sequential& network, const FitOptions& options, FitFields fields,
                            std::vector<int> members, MemberState layout);

}  // namespace lanewise::nn
