#include "exec/overwriting.h"

#include <algorithm>
#include <utility>

#include "exec/elementwise_pass.h"

namespace lanewise::exec {

using plan::Step;

bool Overwriting::Time::is_before(const Time& later) const {
  if (moment != later.moment) return moment < later.moment;
  return group == later.group && place <= later.place;
}

Overwriting::Overwriting(plan::PlanPtr plan, const std::vector<Moment>& moments)
    : plan_(std::move(plan)), times_(plan_->steps.size()), readers_(plan_->steps.size()) {
  for (int m = 0; m < static_cast<int>(moments.size()); ++m) {
    bool only_elementwise = !moments[m].swept;
    for (int g = 0; g < static_cast<int>(moments[m].groups.size()); ++g) {
      const std::vector<int>& group = moments[m].groups[g];
      for (int p = 0; p < static_cast<int>(group.size()); ++p) {
        times_[group[p]] = {m, g, p};
        const Step& s = step(group[p]);
        only_elementwise = only_elementwise && (can_join_pass(s) || s.is_view);
      }
    }
    if (!only_elementwise) end_begins_ = m + 1;
  }
  for (int i = 0; i < static_cast<int>(plan_->steps.size()); ++i)
    for (int operand : step(i).operands)
      readers_[plan_->under(operand)].push_back({i, !step(operand).is_view});
}

bool Overwriting::is_over(const Reader& reader, const Time& result) const {
  const Time& time = times_[reader.step];
  return reader.in_order ? time.is_before(result) : time.moment < result.moment;
}

bool Overwriting::allows(int output, int input) const {
  if (output >= static_cast<int>(plan_->outputs.size()) ||
      input >= static_cast<int>(plan_->inputs.size()))
    return false;
  const int result = plan_->outputs[output], bound = plan_->inputs[input];
  const Step &made = step(result), &given = step(bound);
  if (made.storage != plan::Storage::output || made.place != output || made.is_view ||
      times_[result].moment < end_begins_ || made.dtype != given.dtype || made.shape != given.shape)
    return false;
  const auto is_over = [&](const Reader& reader) { return this->is_over(reader, times_[result]); };
  const auto shows_input = [&](int other) { return plan_->under(other) == bound; };
  return std::all_of(readers_[bound].begin(), readers_[bound].end(), is_over) &&
         std::none_of(plan_->outputs.begin(), plan_->outputs.end(), shows_input);
}

}  // namespace lanewise::exec
