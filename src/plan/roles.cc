#include "plan/roles.h"

#include <algorithm>
#include <optional>

#include "plan/cost.h"
#include "plan/sample_axes.h"

namespace lanewise::plan {
namespace {

using graph::Op;
using graph::OpClass;

// Elements of a matrix that is too large to meet every tile.
constexpr int64_t kLargeMatrix = 512 << 10;

class Roles {
 public:
  Roles(const Plan& plan, Batch batch, Sweep& sweep)
      : plan_(plan), steps_(plan.steps), batch_(batch), s_(sweep) {}

  void find() {
    int computing = 0;
    for (int i = 0; i < static_cast<int>(steps_.size()); ++i) {
      s_.role[i] = role_of(i);
      s_.stage[i] = stage_of(i);
      const bool swept = s_.role[i] == Role::swept && !steps_[i].is_view;
      if (!swept && s_.role[i] != Role::folded) continue;
      if (!is_part_of_next(i)) ++computing;
      const int along_samples = swept ? i : steps_[i].operands[0];
      s_.samples = steps_[along_samples].shape[s_.axis[along_samples]];
    }
    s_.worthwhile = computing >= 2;
  }

 private:
  bool along(int i) const { return s_.axis[i] != kNoAxis; }

  // A reduction and what it reduces further.
  bool is_part_of_next(int i) const {
    if (i + 1 == static_cast<int>(steps_.size())) return false;
    const Step &step = steps_[i], &next = steps_[i + 1];
    return graph::traits(step.op).kind == OpClass::reduce && next.op == step.op &&
           next.operands[0] == i;
  }

  // All extents but the samples' are numbers.
  bool fixed_but_for_samples(int i) const {
    const SymbolicDims& shape = steps_[i].shape;
    for (int axis = 0; axis < shape.rank(); ++axis)
      if (axis != s_.axis[i] && shape[axis].scale != 0) return false;
    return true;
  }

  Role whole(int i, std::string_view why) {
    s_.why_whole[i] = why;
    return Role::whole;
  }

  Role role_of(int i) {
    const Step& step = steps_[i];
    if (graph::traits(step.op).kind == OpClass::leaf) return Role::leaf;
    const std::vector<Alignment> aligned = alignments(steps_, step);
    std::optional<int> onto;  // the axis of the result that the samples fall on; kNoAxis: none
    for (int k = 0; k < static_cast<int>(step.operands.size()); ++k) {
      const int operand = step.operands[k], axis = s_.axis[operand];
      if (step.op == Op::count) continue;
      if (axis == kSeveralAxes) return whole(i, "two axes of an operand are the samples");
      if (!fixed_but_for_samples(operand)) return whole(i, "another extent counts the samples");
      if (axis == kNoAxis) continue;
      const auto found = std::find_if(aligned.begin(), aligned.end(), [&](const Alignment& a) {
        return a.operand == k && a.axis == axis;
      });
      if (found == aligned.end()) return whole(i, "the samples are cut, joined or permuted");
      if (onto && *onto != found->result) return whole(i, "samples meet other samples");
      onto = found->result;
    }
    if (!onto) {
      if (!along(i) || step.is_view) return Role::whole;
      if (step.op == Op::iota) return Role::swept;
      return whole(i, "its samples come from no operand");
    }
    if (!fixed_but_for_samples(i)) return whole(i, "another extent counts the samples");
    if (multiplies_large_matrix(step)) return whole(i, "the matrix is too large to meet each tile");
    if (*onto == kNoAxis) return step.op == Op::matmul ? contraction(i) : reduction(i);
    return *onto == s_.axis[i] ? Role::swept : whole(i, "the samples are cut, joined or permuted");
  }

  // Such a product fills the caches by itself, whatever tile meets it.
  bool multiplies_large_matrix(const Step& step) const {
    if (step.op != Op::matmul) return false;
    return std::any_of(step.operands.begin(), step.operands.end(), [&](int operand) {
      return !along(operand) && sample_size(steps_[operand], kNoAxis) > kLargeMatrix &&
             !(batch_ == Batch::one && is_constant(operand));
    });
  }
  bool is_constant(int i) const { return steps_[plan_.under(i)].storage == Storage::constant; }

  Role contraction(int i) {
    const Step& step = steps_[i];
    if (is_float(step.dtype) && step.shape.rank() == 2) return Role::folded;
    return whole(i, "only matrices of floats are contracted tile by tile");
  }

  Role reduction(int i) {
    const Step& step = steps_[i];
    const int x = step.operands[0];
    for (int64_t axis : step.attributes.axes)
      if (axis != s_.axis[x] && steps_[x].shape[static_cast<int>(axis)] != Extent{0, 1})
        return whole(i, "it reduces other axes together with the samples");
    return Role::folded;
  }

  int stage_of(int i) const {
    int stage = 0;
    const Step& step = steps_[i];
    for (int k = 0; k < static_cast<int>(step.operands.size()); ++k) {
      if (!reads_values(step, k)) continue;
      const int operand = step.operands[k];
      const bool after = s_.role[operand] == Role::folded ||
                         (s_.role[operand] == Role::swept && s_.role[i] == Role::whole);
      stage = std::max(stage, s_.stage[operand] + after);
    }
    return stage;
  }

  const Plan& plan_;
  const std::vector<Step>& steps_;
  const Batch batch_;
  Sweep& s_;
};

}  // namespace

void find_roles(const Plan& plan, Batch batch, Sweep& sweep) {
  sweep.axis = find_sample_axes(plan, kLeastSamples);
  sweep.role.resize(plan.steps.size());
  sweep.stage.assign(plan.steps.size(), 0);
  sweep.why_whole.assign(plan.steps.size(), {});
  Roles(plan, batch, sweep).find();
}

}  // namespace lanewise::plan
