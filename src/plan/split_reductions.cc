#include "plan/roles.h"
#include "plan/sample_axes.h"
#include "plan/sweep.h"

namespace lanewise::plan {
namespace {

// Parts of the values, reduced, reduce to the whole.
bool reduces_in_parts(graph::Op op) {
  using graph::Op;
  return op == Op::sum || op == Op::prod || op == Op::max || op == Op::min;
}

// The axes over which a reduction over the samples goes besides.
Dims other_axes(const Plan& plan, const Step& step, const std::vector<int>& samples) {
  if (!reduces_in_parts(step.op)) return {};
  const int x = step.operands[0];
  if (samples[x] < 0 || !step.attributes.axes.contains(samples[x])) return {};
  Dims others;
  bool several = false;
  for (int64_t axis : step.attributes.axes)
    if (axis != samples[x]) {
      others.push_back(axis);
      several |= plan.steps[x].shape[static_cast<int>(axis)] != Extent{0, 1};
    }
  return several ? others : Dims{};
}

}  // namespace

void split_reductions(Plan& plan) {
  const std::vector<int> samples = find_sample_axes(plan, kLeastSamples);
  std::vector<Step> steps;
  std::vector<int> number;  // of each old step among the new ones
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    Step step = plan.steps[i];
    const Dims others = other_axes(plan, step, samples);
    const int x = step.operands.empty() ? -1 : step.operands[0];
    for (int& operand : step.operands) operand = number[operand];
    if (!others.empty()) {
      Step first = step;
      first.attributes.axes = others;
      first.attributes.keepdims = true;
      first.shape = plan.steps[x].shape;
      for (int64_t axis : others) first.shape.set(static_cast<int>(axis), {0, 1});
      step.operands[0] = static_cast<int>(steps.size());
      steps.push_back(std::move(first));
    }
    number.push_back(static_cast<int>(steps.size()));
    steps.push_back(std::move(step));
  }
  plan.steps = std::move(steps);
  for (int& output : plan.outputs) output = number[output];
  for (int& input : plan.inputs) input = number[input];
}

}  // namespace lanewise::plan
