#include "nn/fit_members.h"

#include <algorithm>

#include "base/tensor.h"
#include "nn/layout.h"

namespace lanewise::nn {
namespace {

void complete(Ensemble& ensemble, int64_t epoch_steps) {
  MemberOptions& options = ensemble.options;
  if (options.optimizer.total_steps == 0)
    options.optimizer.total_steps = epoch_steps * options.epochs;
  if (options.optimizer.decay_factors.empty())
    options.optimizer.decay_factors = decay_factors(ensemble.network);
  options.optimizer.validate();
  options.loss_options.validate();
}

MemberState layout_of(const Ensemble& ensemble) {
  const std::vector<Array>& parameters = ensemble.parameters[0];
  return {parameters.size(), optimizer_state(ensemble.options.optimizer, parameters).size(),
          ensemble.options.average_decay > 0 ? parameters.size() : 0};
}

// The caller keeps its arrays: a session would take the handles themselves.
void append_own_handles(std::vector<Array>& to, const std::vector<Array>& arrays) {
  eval(arrays);
  for (const Array& a : arrays) to.push_back(from_tensor(a.tensor()));
}

}  // namespace

Members::Members(std::vector<Ensemble> ensembles, int64_t epoch_steps)
    : ensembles_(std::move(ensembles)) {
  for (Ensemble& ensemble : ensembles_) {
    complete(ensemble, epoch_steps);
    for (std::size_t k = 0; k < ensemble.parameters.size(); ++k)
      places_.push_back({layouts_.size(), static_cast<int>(k)});
    layouts_.push_back(layout_of(ensemble));
  }
}

int Members::axis() const { return sample_axis(ensembles_[0].network.layout()); }

int Members::epochs() const {
  int most = 0;
  for (const Ensemble& ensemble : ensembles_) most = std::max(most, ensemble.options.epochs);
  return most;
}

std::size_t Members::folds() const {
  std::size_t most = 0;
  for (const Ensemble& ensemble : ensembles_) most = std::max(most, ensemble.parameters.size());
  return most;
}

std::vector<Array> Members::first_state(int member) const {
  const std::vector<Array>& parameters =
      ensemble(member).parameters[static_cast<std::size_t>(number(member))];
  std::vector<Array> state;
  append_own_handles(state, parameters);
  for (Array& moment : optimizer_state(options(member).optimizer, parameters))
    state.push_back(std::move(moment));
  if (layout(member).averages > 0) append_own_handles(state, parameters);
  return state;
}

std::vector<std::span<const Array>> Members::parted(std::span<const Array> all,
                                                    std::span<const int> members) const {
  std::vector<std::span<const Array>> parts;
  for (int member : members) {
    parts.push_back(all.first(layout(member).size()));
    all = all.subspan(layout(member).size());
  }
  return parts;
}

std::vector<EnsembleResult> Members::by_ensemble(EnsembleResult all,
                                                 std::vector<std::string> failures) const {
  std::vector<EnsembleResult> results(ensembles_.size());
  for (std::size_t e = 0; e < results.size(); ++e) {
    results[e].interrupted = all.interrupted;
    results[e].failure = std::move(failures[e]);
  }
  for (int member = 0; member < count(); ++member)
    results[ensemble_of(member)].members.push_back(
        std::move(all.members[static_cast<std::size_t>(member)]));
  for (const EpochReport& report : all.history) {
    std::vector<EpochReport> own(ensembles_.size(), report);
    for (EpochReport& part : own) part.members.clear();
    for (MemberReport member : report.members) {
      EpochReport& part = own[ensemble_of(member.member)];
      member.member = number(member.member);
      part.members.push_back(member);
    }
    for (std::size_t e = 0; e < own.size(); ++e) {
      if (own[e].members.empty()) continue;
      own[e].epochs = ensembles_[e].options.epochs;
      summarize(own[e]);
      results[e].history.push_back(std::move(own[e]));
    }
  }
  return results;
}

void summarize(EpochReport& report) {
  const auto share = 1 / static_cast<double>(report.members.size());
  report.loss = report.validation_loss = 0;
  report.best = false;
  for (const MemberReport& own : report.members) {
    report.loss += own.loss * share;
    report.validation_loss += own.validation_loss * share;
    report.best |= own.best;
  }
}

}  // namespace lanewise::nn
