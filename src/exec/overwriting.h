// Which results a run may write over inputs that its caller gives up: an optimiser's update then
// needs no second copy of what it updates. They come from elementwise steps at the end, where
// nobody reads the input any more and nothing fails, so a run that fails leaves the input whole.
#pragma once

#include <vector>

#include "plan/plan.h"

namespace lanewise::exec {

// What runs before anything of the next moment does.
struct Moment {
  std::vector<std::vector<int>> groups;  // of steps in order; groups run side by side
  bool swept = false;
};

class Overwriting {
 public:
  Overwriting(plan::PlanPtr plan, const std::vector<Moment>& moments);

  bool allows(int output, int input) const;

 private:
  // When a step runs, for the last time.
  struct Time {
    int moment = -1, group = 0, place = 0;
    // Whether it is over, or at the same element, when `later` writes.
    bool is_before(const Time& later) const;
  };

  struct Reader {
    int step;
    bool in_order;  // its element at a place is made of the element there
  };

  const plan::Step& step(int i) const { return plan_->steps[i]; }
  bool is_over(const Reader& reader, const Time& result) const;

  plan::PlanPtr plan_;
  std::vector<Time> times_;                   // of each step
  std::vector<std::vector<Reader>> readers_;  // of each step that is no view, also through views
  int end_begins_ = 0;                        // the first moment from which on all is elementwise
};

}  // namespace lanewise::exec
