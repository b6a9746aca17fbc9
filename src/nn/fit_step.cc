#include "nn/fit_step.h"

#include <algorithm>
#include <cmath>

#include "base/tensor.h"
#include "lanewise/ops.h"
#include "nn/fit_loss.h"

namespace lanewise::nn {
namespace {

// After these, a key a member: the randomness of its dropout.
enum Scalar : std::size_t { kRate, kStep, kAverageDecay, kDropoutKeys };

template <class To, class From>
void append(To& to, const From& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// The caller keeps its arrays: a session would take the handles themselves.
std::vector<Array> own_handles(const std::vector<Array>& arrays) {
  eval(arrays);
  std::vector<Array> handles;
  for (const Array& a : arrays) handles.push_back(from_tensor(a.tensor()));
  return handles;
}

Array blend(const Array& average, const Array& p, const Array& decay) {
  return average * astype(decay, p.dtype()) + p * astype(1 - decay, p.dtype());
}

std::vector<Array> masked(std::vector<Array> parameters, const std::vector<Array>& masks) {
  for (std::size_t p = 0; p < parameters.size(); ++p) parameters[p] = parameters[p] * masks[p];
  return parameters;
}

// Below 2⁵³, so exact: a run of its own for every seed of up to 2²¹ steps. Members draw as if
// they had seeds of their own.
double dropout_key(uint32_t seed, int member, int64_t step) {
  const uint32_t own_seed = seed + static_cast<uint32_t>(member) * 0x9e3779b9u;
  return std::ldexp(static_cast<double>(own_seed), 21) +
         std::fmod(static_cast<double>(step), 0x1p21);
}

}  // namespace

std::vector<Array> first_state(const FitOptions& options, const std::vector<Array>& parameters) {
  std::vector<Array> state = own_handles(parameters);
  append(state, optimizer_state(options.optimizer, parameters));
  if (options.average_decay > 0) append(state, own_handles(parameters));
  return state;
}

std::vector<double> step_scalars(const FitOptions& options, std::span<const int> members,
                                 int64_t step) {
  const auto t = static_cast<double>(step);
  std::vector<double> values(kDropoutKeys);
  values[kRate] = learning_rate_at(options.optimizer, step);
  values[kStep] = t;
  values[kAverageDecay] = std::min(options.average_decay, t / (t + 10));
  for (int member : members) values.push_back(dropout_key(options.seed, member, step));
  return values;
}

Session::Step training_step(const Sequential& network, const FitOptions& options, FitFields fields,
                            std::vector<int> members, MemberState layout) {
  return [&network, &options, fields, members, layout](const std::vector<Array>& state,
                                                       const std::vector<Array>& list,
                                                       const std::vector<Array>& scalars) {
    Session::Result result;
    const FitData batch = named(list, fields);
    for (std::size_t i = 0; i < members.size(); ++i) {
      const auto own = std::span(state).subspan(i * layout.size(), layout.size());
      const auto parameters = own.first(layout.parameters);
      const FitData samples = without_fold(batch, members[i]);
      const Sequential::Pass pass =
          network.training_pass(parameters, samples.x, scalars[kDropoutKeys + i]);
      const BatchLoss loss = loss_on(pass.output, samples, options, network.layout());
      // Statistics have moved in the pass; their slopes are zero, so the update leaves them.
      OptimizerUpdate update = optimizer_update(
          options.optimizer, pass.parameters, loss.gradients(parameters),
          own.subspan(layout.parameters, layout.moments), scalars[kRate], scalars[kStep]);
      if (!options.masks.empty())
        update.parameters =
            masked(update.parameters, options.masks[static_cast<std::size_t>(members[i])]);
      append(result.state, update.parameters);
      append(result.state, update.state);
      const auto averages = own.last(layout.averages);
      for (std::size_t p = 0; p < averages.size(); ++p)
        result.state.push_back(blend(averages[p], update.parameters[p], scalars[kAverageDecay]));
      append(result.metrics, loss.metrics());
    }
    return result;
  };
}

}  // namespace lanewise::nn
