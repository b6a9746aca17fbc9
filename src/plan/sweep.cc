#include "plan/sweep.h"

#include <algorithm>

#include "plan/cost.h"
#include "plan/placement.h"
#include "plan/roles.h"
#include "plan/sample_axes.h"
#include "plan/schedule.h"

namespace lanewise::plan {
namespace {

// What is stored for all samples, and which steps each stage runs.
class Stages {
 public:
  Stages(const Plan& plan, Keeping keeping, Sweep& sweep)
      : plan_(plan),
        steps_(plan.steps),
        count_(static_cast<int>(steps_.size())),
        keeping_(keeping),
        s_(sweep) {
    s_.kept.assign(count_, false);
    used_later_.resize(count_);
  }

  void make() {
    keep_what_is_read_whole();
    if (stays()) keep_what_is_dear();
    fill_stages();
  }

 private:
  bool in_tiles(int i) const { return s_.role[i] == Role::swept; }

  void keep_what_is_read_whole() {
    for (int i = 0; i < count_; ++i)
      for (int k = 0; k < static_cast<int>(steps_[i].operands.size()); ++k) {
        const int operand = steps_[i].operands[k];
        if (!in_tiles(operand) || !reads_values(steps_[i], k)) continue;
        if (s_.role[i] == Role::whole) s_.kept[operand] = true;
        else if (s_.stage[i] > s_.stage[operand]) used_later_[under(operand)] = true;
      }
    for (int output : plan_.outputs)
      if (in_tiles(output)) s_.kept[output] = true;
  }

  // Of what later stages read: keep it where writing and reading it costs less than
  // computing it again from what is there anyway.
  void keep_what_is_dear() {
    for (int i = 0; i < count_; ++i) {
      if (!used_later_[i] || s_.kept[i] || !in_tiles(i)) continue;
      std::vector<bool> seen(count_);
      s_.kept[i] = again(i, seen) > keeping_cost(steps_[i], s_.axis[i]);
    }
  }
  bool stays() const { return keeping_ == Keeping::what_pays; }
  bool is_view(int i) const { return steps_[i].is_view; }
  // What a view in tiles shows.
  int under(int i) const {
    while (is_view(i) && in_tiles(i)) i = steps_[i].operands[0];
    return i;
  }

  double again(int i, std::vector<bool>& seen) const {
    if (seen[i] || s_.kept[i] || !in_tiles(i)) return 0;
    seen[i] = true;
    double cost = computing_cost(steps_, steps_[i], s_.axis[i]);
    for (int operand : steps_[i].operands) cost += again(operand, seen);
    return cost;
  }

  void fill_stages() {
    s_.stages.resize(1 + *std::max_element(s_.stage.begin(), s_.stage.end()));
    for (int i = 0; i < count_; ++i)
      if (s_.role[i] == Role::whole) s_.stages[s_.stage[i]].whole.push_back(i);
    for (int t = 0; t < static_cast<int>(s_.stages.size()); ++t) fill_tile_steps(t);
  }

  // What the stage folds or keeps, and what that needs: of earlier stages what is not
  // kept is computed again.
  void fill_tile_steps(int t) {
    std::vector<bool> wanted(count_);
    for (int i = count_ - 1; i >= 0; --i) {
      if (s_.stage[i] == t) wanted[i] = wanted[i] || s_.role[i] == Role::folded || s_.kept[i];
      if (!wanted[i]) continue;
      for (int k = 0; k < static_cast<int>(steps_[i].operands.size()); ++k) {
        const int operand = steps_[i].operands[k];
        const bool there = s_.stage[operand] != t && s_.kept[operand] && stays();
        if (in_tiles(operand) && reads_values(steps_[i], k) && !there) wanted[operand] = true;
      }
    }
    for (int i = 0; i < count_; ++i)
      if (wanted[i]) s_.stages[t].steps.push_back(i);
  }

  const Plan& plan_;
  const std::vector<Step>& steps_;
  const int count_;
  const Keeping keeping_;
  Sweep& s_;
  std::vector<bool> used_later_;  // by a stage after the step's own
};

}  // namespace

Sweep make_sweep(const Plan& plan, Keeping keeping, Batch batch) {
  Sweep sweep;
  find_roles(plan, batch, sweep);
  if (!sweep.worthwhile && keeping == Keeping::what_pays) return sweep;
  Stages(plan, keeping, sweep).make();
  for (Stage& stage : sweep.stages) {
    schedule(plan, sweep, stage);
    assign_buffers(plan, sweep, stage);
  }
  assign_places(plan, sweep);
  return sweep;
}

}  // namespace lanewise::plan
