// The networks that are trained on the same batches: those of one ensemble or of several,
// numbered through.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "lanewise/nn.h"

namespace lanewise::nn {

// How many arrays of each kind a member's state holds, in this order.
struct MemberState {
  std::size_t parameters = 0, moments = 0, averages = 0;
  std::size_t size() const { return parameters + moments + averages; }
};

class Members {
 public:
  // Completes the options: a schedule without a length spans the whole training of `epoch_steps`
  // an epoch, weight decay spares what isn't trained.  Errors: ValueError for options.
  Members(std::vector<Ensemble> ensembles, int64_t epoch_steps);

  int count() const { return static_cast<int>(places_.size()); }
  const std::vector<Ensemble>& ensembles() const { return ensembles_; }
  int axis() const;           // along which their samples lie
  int epochs() const;         // the most that one may take
  std::size_t folds() const;  // that members leave out, where there are folds

  std::size_t ensemble_of(int member) const { return place(member).ensemble; }
  const Ensemble& ensemble(int member) const { return ensembles_[ensemble_of(member)]; }
  const MemberOptions& options(int member) const { return ensemble(member).options; }
  // In its ensemble: it leaves out the fold of this number.
  int number(int member) const { return place(member).number; }
  MemberState layout(int member) const { return layouts_[ensemble_of(member)]; }

  std::vector<Array> first_state(int member) const;
  // The state of each of `members`, which lies in `all` one after the other.
  std::vector<std::span<const Array>> parted(std::span<const Array> all,
                                             std::span<const int> members) const;

  // What each ensemble got; `failures` of each.
  std::vector<EnsembleResult> by_ensemble(EnsembleResult all,
                                          std::vector<std::string> failures) const;

 private:
  struct Place {
    std::size_t ensemble;
    int number;
  };
  const Place& place(int member) const { return places_[static_cast<std::size_t>(member)]; }

  std::vector<Ensemble> ensembles_;
  std::vector<MemberState> layouts_;  // of each ensemble
  std::vector<Place> places_;
};

// Means over the members of a report.
void summarize(EpochReport& report);

}  // namespace lanewise::nn
