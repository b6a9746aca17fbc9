#include "exec/overwriting.h"

#include <algorithm>

#include "exec/elementwise_pass.h"

namespace lanewise::exec {
namespace {

using plan::Plan;
using plan::Step;
using plan::Storage;

// When a step runs, for the last time.
struct Time {
  int moment = -1, group = 0, place = 0;

  // Whether it is over, or at the same element, when `later` writes.
  bool is_before(const Time& later) const {
    if (moment != later.moment) return moment < later.moment;
    return group == later.group && place <= later.place;
  }
};

class Finder {
 public:
  Finder(const Plan& plan, const std::vector<Moment>& moments)
      : plan_(plan), times_(plan.steps.size()), readers_(plan.steps.size()) {
    for (std::size_t m = 0; m < moments.size(); ++m) {
      bool only_elementwise = !moments[m].swept;
      for (std::size_t g = 0; g < moments[m].groups.size(); ++g)
        for (std::size_t p = 0; p < moments[m].groups[g].size(); ++p) {
          const int i = moments[m].groups[g][p];
          times_[i] = {static_cast<int>(m), static_cast<int>(g), static_cast<int>(p)};
          only_elementwise = only_elementwise && (is_elementwise(step(i)) || step(i).is_view);
        }
      if (!only_elementwise) end_begins_ = static_cast<int>(m) + 1;
    }
    for (int i = 0; i < static_cast<int>(plan.steps.size()); ++i)
      for (int operand : step(i).operands) readers_[under(operand)].push_back(i);
  }

  bool allows(int output, int input) const {
    const int i = plan_.outputs[output];
    const Step &made = step(i), &given = step(input);
    if (made.storage != Storage::output || made.place != output || made.is_view ||
        times_[i].moment < end_begins_ || made.dtype != given.dtype || made.shape != given.shape)
      return false;
    const auto is_over = [&](int reader) { return times_[reader].is_before(times_[i]); };
    const auto is_input = [&](int result) { return under(result) == input; };
    return std::all_of(readers_[input].begin(), readers_[input].end(), is_over) &&
           std::none_of(plan_.outputs.begin(), plan_.outputs.end(), is_input);
  }

 private:
  const Step& step(int i) const { return plan_.steps[i]; }
  int under(int i) const {
    while (step(i).is_view) i = step(i).operands[0];
    return i;
  }

  const Plan& plan_;
  std::vector<Time> times_;                // of each step
  std::vector<std::vector<int>> readers_;  // of each step that is no view, also through views
  int end_begins_ = 0;                     // the first moment after which all is elementwise
};

}  // namespace

Overwriting::Overwriting(const Plan& plan, const std::vector<Moment>& moments) {
  const Finder finder(plan, moments);
  for (std::size_t output = 0; output < plan.outputs.size(); ++output) {
    allowed_.emplace_back();
    for (int input : plan.inputs)
      allowed_.back().push_back(finder.allows(static_cast<int>(output), input));
  }
}

bool Overwriting::allows(int output, int input) const {
  const auto k = static_cast<std::size_t>(output), j = static_cast<std::size_t>(input);
  return k < allowed_.size() && j < allowed_[k].size() && allowed_[k][j];
}

}  // namespace lanewise::exec
