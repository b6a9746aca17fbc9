#include "nn/fit_step.h"

#include <algorithm>
#include <cmath>

#include "lanewise/ops.h"
#include "nn/fit_loss.h"

namespace lanewise::nn {
namespace {

// What a step takes beside state and batch, in this order: its number, a rate and the averages'
// decay an ensemble, a key a member, the randomness of its dropout.
struct Scalars {
  std::size_t ensembles;
  std::size_t step() const { return 0; }
  std::size_t rate(std::size_t ensemble) const { return 1 + 2 * ensemble; }
  std::size_t average_decay(std::size_t ensemble) const { return 2 + 2 * ensemble; }
  std::size_t dropout_key(std::size_t i) const { return 1 + 2 * ensembles + i; }
};

template <class To, class From>
void append(To& to, const From& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// decay·average + (1 − decay)·p.
Array blend(const Array& average, const Array& p, const Array& decay) {
  return average + (p - average) * astype(1 - decay, p.dtype());
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

std::vector<double> step_scalars(const Members& all, std::span<const int> members, uint32_t seed,
                                 int64_t step) {
  const auto t = static_cast<double>(step);
  std::vector<double> values = {t};
  for (const Ensemble& ensemble : all.ensembles()) {
    values.push_back(learning_rate_at(ensemble.options.optimizer, step));
    values.push_back(std::min(ensemble.options.average_decay, t / (t + 10)));
  }
  for (int member : members) values.push_back(dropout_key(seed, all.number(member), step));
  return values;
}

Session::Step training_step(const Members& all, std::vector<int> members, Loss loss,
                            FitFields fields) {
  return [&all, members = std::move(members), loss, fields](const std::vector<Array>& state,
                                                            const std::vector<Array>& list,
                                                            const std::vector<Array>& scalars) {
    Session::Result result;
    const FitData batch = named(list, fields);
    const Scalars at{all.ensembles().size()};
    const auto states = all.parted(state, members);
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::size_t e = all.ensemble_of(members[i]);
      const auto& [network, first, options] = all.ensembles()[e];
      const MemberState layout = all.layout(members[i]);
      const auto number = static_cast<std::size_t>(all.number(members[i]));
      const auto parameters = states[i].first(layout.parameters);
      const FitData samples = without_fold(batch, all.number(members[i]));
      const Sequential::Pass pass =
          network.training_pass(parameters, samples.x, scalars[at.dropout_key(i)]);
      const BatchLoss cost =
          loss_on(pass.output, samples, loss, options.loss_options, network.layout());
      // Statistics have moved in the pass; their slopes are zero, so the update leaves them.
      OptimizerUpdate update =
          optimizer_update(options.optimizer, pass.parameters, cost.gradients(parameters),
                           states[i].subspan(layout.parameters, layout.moments),
                           scalars[at.rate(e)], scalars[at.step()]);
      if (!options.masks.empty())
        update.parameters = masked(update.parameters, options.masks[number]);
      append(result.state, update.parameters);
      append(result.state, update.state);
      const auto averages = states[i].last(layout.averages);
      for (std::size_t p = 0; p < averages.size(); ++p)
        result.state.push_back(
            blend(averages[p], update.parameters[p], scalars[at.average_decay(e)]));
      append(result.metrics, cost.metrics());
    }
    return result;
  };
}

}  // namespace lanewise::nn
