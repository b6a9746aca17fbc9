// What runs between the stages of a sweep: steps on whole arrays. Elementwise ones on
// arrays of one shape (an optimiser's update) make one pass: a strip of elements goes
// through all of them before the next, and what none but they read is never stored.
#pragma once

#include <string>
#include <vector>

#include "exec/elementwise_pass.h"
#include "exec/run.h"
#include "plan/sweep.h"

namespace lanewise::exec {

class WholeSteps {
 public:
  WholeSteps() = default;
  // Those before one stage; they may run in any order that has operands before users.
  WholeSteps(const plan::Plan& plan, std::vector<int> steps);

  bool empty() const { return units_.empty(); }
  void run(Run& run) const;
  // The steps in the order that they run in, those of a pass as one.
  std::vector<std::vector<int>> units() const;

 private:
  static void run_pass(const ElementwisePass& pass, Run& run);

  std::vector<ElementwisePass> units_;  // without operations: one step for its kernel
};

}  // namespace lanewise::exec
