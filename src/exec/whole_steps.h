// What runs between the stages of a sweep: steps on whole arrays. Elementwise ones on
// arrays of one shape (an optimiser's update) make one pass: a strip of elements goes
// through all of them before the next, and what none but they read is never stored.
#pragma once

#include <string>
#include <vector>

#include "exec/run.h"
#include "kernels/loop_nest.h"
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
  // An operand or a result of an operation of a pass.
  struct Place {
    int buffer = -1;   // of a strip
    int outside = -1;  // number in Pass::outside
  };
  struct Operation {
    kernels::Loop loop;
    int operands;
    Place places[4];  // the result is the last
  };
  struct Pass {
    std::vector<int> steps;
    std::vector<int> outside;  // steps whose values are arrays: read, or made and read elsewhere
    int read = 0;              // so many of them are read, those in front
    int buffers = 0;
    std::vector<Operation> operations;
  };
  class PassBuilder;
  struct Window;

  static void run_pass(const Pass& pass, Run& run);

  std::vector<Pass> units_;  // without operations: one step for its kernel
};

}  // namespace lanewise::exec
