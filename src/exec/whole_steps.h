// What runs between the stages of a sweep: steps on whole arrays. Elementwise ones on
// arrays of one shape (an optimiser's update) make one pass: a strip of elements goes
// through all of them before the next, and what none but they read is never stored.
// Passes that read nothing of one another make a round, whose strips threads share.
#pragma once

#include <string>
#include <vector>

#include "exec/elementwise_pass.h"
#include "exec/overwriting.h"
#include "exec/run.h"
#include "plan/sweep.h"

namespace lanewise::exec {

class WholeSteps {
 public:
  WholeSteps() = default;
  // Those before one stage; they may run in any order that has operands before users.
  WholeSteps(const plan::Plan& plan, std::vector<int> steps);

  void run(Run& run) const;
  // The steps in the order that they run in.
  std::vector<Moment> moments() const;

 private:
  using Round = std::vector<ElementwisePass>;  // one without operations: a step for its kernel
  static void run_passes(const Round& round, Run& run);

  std::vector<Round> rounds_;
};

}  // namespace lanewise::exec
