// A plan: what an executor runs. Immutable and reentrant; holds no extents of
// the samples (see extent.h) and no values but those of captured constants.
#pragma once

#include <memory>
#include <vector>

#include "base/tensor.h"
#include "graph/node.h"
#include "lanewise/plan_report.h"
#include "plan/extent.h"

namespace lanewise::plan {

// Where the value of a step lives.
enum class Storage : uint8_t {
  bound,     // an input of the run
  constant,  // captured in the plan
  slot,      // a reusable buffer of the workspace
  output,    // a result of the run, allocated for it
};

struct Step {
  graph::Op op = graph::Op::input;
  DType dtype = DType::float32;
  std::vector<int> operands;     // numbers of earlier steps
  graph::Attributes attributes;  // those that don't depend on m
  SymbolicDims shape;
  SymbolicDims start;    // slice, pad
  bool is_view = false;  // shares the memory of its operand where strides allow
  Storage storage = Storage::slot;
  int place = -1;  // number of the input, constant, slot or output
};

class Plan {
 public:
  std::vector<Step> steps;  // operands before users
  std::vector<Tensor> constants;
  std::vector<int> outputs;  // steps
  std::vector<int> inputs;   // steps, in the order of the bindings
  int slot_count = 0;
  std::vector<int> bounded;  // steps that some m leaves too few elements
  // The steps and outputs as the function makes them, where it was traced for every m.
  std::vector<Step> traced;
  std::vector<int> traced_outputs;
  // An input axis whose extent is m; −1 when nothing depends on m.
  int m_input = -1, m_axis = -1;

  // The step whose memory step i shows: itself unless it is a view.
  int under(int i) const {
    while (steps[i].is_view) i = steps[i].operands[0];
    return i;
  }
  // The number of samples of a run.
  int64_t rows(std::span<const Tensor> bindings) const;
  // Errors: ShapeError, DTypeError when the bindings don't fit the plan; IndexError, ValueError,
  // ShapeError where there are too few samples for an index, a maximum, the k best.
  void check(std::span<const Tensor> bindings) const;
  PlanReport report() const;  // the steps alone

 private:
  void check_step(const Step& step, int64_t m) const;
};
using PlanPtr = std::shared_ptr<const Plan>;

// A plan for fixed extents.
PlanPtr make_plan(const graph::Program& program);

// A plan for every m, from the program traced with m = kTraceRows[0] and [1].
// Null when the program depends on m in another way than through affine extents
// (a number computed from an extent, a branch on it): then it needs a plan for each m.
PlanPtr make_plan(const graph::Program& first, const graph::Program& second);

// Whether a plan for every m runs this program, traced with m samples. It doesn't where the
// function decides by m, or where an index that many samples have is cut off at the end of few.
bool serves(const Plan& plan, const graph::Program& program, int64_t m);

}  // namespace lanewise::plan
