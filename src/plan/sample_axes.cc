#include "plan/sample_axes.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace lanewise::plan {
namespace {

using graph::Op;
using graph::OpClass;

constexpr Extent kOne{0, 1};
constexpr Extent kSamples{1, 0};

class Aligner {
 public:
  Aligner(const std::vector<Step>& steps, const Step& step) : steps_(steps), step_(step) {}

  std::vector<Alignment> find() {
    switch (graph::traits(step_.op).kind) {
      case OpClass::leaf: break;
      case OpClass::unary:
      case OpClass::cast:
      case OpClass::binary:
      case OpClass::where:
        for (int k = 0; k < count(); ++k) broadcast(k, x(k).rank(), result().rank());
        break;
      case OpClass::reduce: reduction(); break;
      case OpClass::matmul: product(); break;
      case OpClass::view: view(); break;
      case OpClass::copy: copy(); break;
      case OpClass::source:
        if (step_.op == Op::uniform) broadcast(1, result().rank(), result().rank());
        break;
    }
    return std::move(found_);
  }

 private:
  int count() const { return static_cast<int>(step_.operands.size()); }
  const SymbolicDims& x(int k) const { return steps_[step_.operands[k]].shape; }
  const SymbolicDims& result() const { return step_.shape; }

  void add(int operand, int axis, int result) { found_.push_back({operand, axis, result}); }
  void add_if_equal(int operand, int axis, int at) {
    if (x(operand)[axis] == result()[at]) add(operand, axis, at);
  }
  // The leading `rank` axes of the operand, right-aligned with the leading `onto` of the result.
  void broadcast(int k, int rank, int onto) {
    for (int axis = 0; axis < rank; ++axis) add_if_equal(k, axis, axis + onto - rank);
  }

  void reduction() {
    for (int axis = 0, kept = 0; axis < x(0).rank(); ++axis) {
      const bool reduced = step_.attributes.axes.contains(axis);
      add(0, axis, reduced ? kNoAxis : kept);
      kept += !reduced || step_.attributes.keepdims;
    }
  }

  void product() {
    const int a = x(0).rank() - 2, b = x(1).rank() - 2, c = result().rank() - 2;
    broadcast(0, a, c);
    broadcast(1, b, c);
    add(0, a, c);
    add(0, a + 1, kNoAxis);
    add(1, b, kNoAxis);
    add(1, b + 1, c + 1);
  }

  void view() {
    if (step_.op == Op::transpose) {
      for (int axis = 0; axis < result().rank(); ++axis)
        add(0, static_cast<int>(step_.attributes.axes[axis]), axis);
    } else if (step_.op == Op::reshape) {
      reshape();
    } else if (step_.op == Op::slice) {
      same_window(0, result().rank());
    } else {
      broadcast(0, x(0).rank(), result().rank());
    }
  }

  // Axes that start at the same element in both shapes and have the same extent.
  void reshape() {
    using Before = std::pair<int64_t, std::vector<std::pair<int64_t, int64_t>>>;
    auto starts = [](const SymbolicDims& shape) {
      std::vector<Before> list;
      Before before{1, {}};
      for (int axis = 0; axis < shape.rank(); ++axis) {
        list.push_back(before);
        const Extent e = shape[axis];
        if (e.scale == 0) before.first *= e.offset;
        else before.second.emplace_back(e.scale, e.offset);
      }
      return list;
    };
    const std::vector<Before> from = starts(x(0)), to = starts(result());
    for (int axis = 0; axis < x(0).rank(); ++axis)
      for (int at = 0; at < result().rank(); ++at)
        if (x(0)[axis] != kOne && x(0)[axis] == result()[at] && from[axis] == to[at])
          add(0, axis, at);
  }

  // Slice and pad: the axes that are taken or placed whole.
  void same_window(int k, int rank) {
    for (int axis = 0; axis < rank; ++axis)
      if (step_.start[axis] == Extent{} && step_.attributes.step[axis] == 1)
        add_if_equal(k, axis, axis);
  }

  void copy() {
    const int axis = step_.attributes.axis;
    if (step_.op == Op::pad) {
      same_window(0, result().rank());
    } else if (step_.op == Op::concatenate) {
      for (int k = 0; k < count(); ++k)
        for (int at = 0; at < result().rank(); ++at)
          if (at != axis) add(k, at, at);
    } else if (step_.op == Op::take) {
      const int indices = x(1).rank();
      for (int at = 0; at < x(0).rank(); ++at)
        if (at != axis) add(0, at, at < axis ? at : at + indices - 1);
      for (int at = 0; at < indices; ++at) add(1, at, axis + at);
    } else if (step_.op == Op::take_along_axis || step_.op == Op::scatter_add_along_axis) {
      const bool takes = step_.op == Op::take_along_axis;
      for (int at = 0; at < result().rank(); ++at) {
        if (at != axis) add(0, at, at);
        if (at != axis || takes) add(1, at, at);
      }
    } else {  // scatter_add: updates lie like the result of a take
      const int indices = x(1).rank();
      for (int at = 0; at < result().rank(); ++at)
        if (at != axis) add(0, at < axis ? at : at + indices - 1, at);
    }
  }

  const std::vector<Step>& steps_;
  const Step& step_;
  std::vector<Alignment> found_;
};

// The longest class, or -1 where none is longer than `least`.
int longest_class(const Plan& plan, const AxisClasses& classes, int64_t least) {
  int best = -1;
  for (int i = 0; i < static_cast<int>(plan.steps.size()); ++i)
    for (int axis = 0; axis < plan.steps[i].shape.rank(); ++axis)
      if (plan.steps[i].shape[axis].offset > least) {
        least = plan.steps[i].shape[axis].offset;
        best = classes.of(i, axis);
      }
  return best;
}

// The class of the axes of inputs that m counts.
int class_of_m(const Plan& plan, AxisClasses& classes) {
  const int first = plan.inputs[plan.m_input];
  for (int input : plan.inputs)
    for (int axis = 0; axis < plan.steps[input].shape.rank(); ++axis)
      if (plan.steps[input].shape[axis] == kSamples) classes.join(first, plan.m_axis, input, axis);
  return classes.of(first, plan.m_axis);
}

}  // namespace

std::vector<Alignment> alignments(const std::vector<Step>& steps, const Step& step) {
  return Aligner(steps, step).find();
}

bool reads_values(const Step& step, int k) {
  return step.op != Op::count && !(step.op == Op::uniform && k == 1);
}

AxisClasses::AxisClasses(const std::vector<Step>& steps) {
  int axes = 0;
  for (const Step& step : steps) {
    first_.push_back(axes);
    axes += step.shape.rank();
  }
  parent_.resize(axes);
  std::iota(parent_.begin(), parent_.end(), 0);
  for (int i = 0; i < static_cast<int>(steps.size()); ++i) {
    const Alignment* contracted = nullptr;
    const std::vector<Alignment> aligned = alignments(steps, steps[i]);
    for (const Alignment& a : aligned) {
      const int operand = steps[i].operands[a.operand];
      if (steps[operand].shape[a.axis] == kOne) continue;
      if (a.result != kNoAxis) {
        join(operand, a.axis, i, a.result);
      } else if (steps[i].op == Op::matmul) {
        if (contracted)
          join(operand, a.axis, steps[i].operands[contracted->operand], contracted->axis);
        contracted = &a;
      }
    }
  }
}

int AxisClasses::find(int axis) const {
  while (parent_[axis] != axis) axis = parent_[axis] = parent_[parent_[axis]];
  return axis;
}

void AxisClasses::join(int step, int axis, int other, int other_axis) {
  parent_[of(step, axis)] = of(other, other_axis);
}

std::vector<int> find_sample_axes(const Plan& plan, int64_t least) {
  AxisClasses classes(plan.steps);
  const int samples =
      plan.m_input >= 0 ? class_of_m(plan, classes) : longest_class(plan, classes, least);
  std::vector<int> axes(plan.steps.size(), kNoAxis);
  if (samples < 0) return axes;
  for (int i = 0; i < static_cast<int>(plan.steps.size()); ++i)
    for (int axis = 0; axis < plan.steps[i].shape.rank(); ++axis)
      if (classes.of(i, axis) == samples) axes[i] = axes[i] == kNoAxis ? axis : kSeveralAxes;
  return axes;
}

}  // namespace lanewise::plan
