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
  Overwriting() = default;
  Overwriting(const plan::Plan& plan, const std::vector<Moment>& moments);

  bool allows(int output, int input) const;

 private:
  std::vector<std::vector<bool>> allowed_;  // by output, by input
};

}  // namespace lanewise::exec
