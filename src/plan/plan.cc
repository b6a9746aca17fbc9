#include "plan/plan.h"

#include <fmt/format.h>

#include "graph/build.h"
#include "lanewise/error.h"

namespace lanewise::plan {

using graph::OpClass;

int64_t Plan::rows(std::span<const Tensor> bindings) const {
  if (m_input < 0) return 0;
  const Extent e = steps[inputs[m_input]].shape[m_axis];
  return (bindings[m_input].shape[m_axis] - e.offset) / e.scale;
}

void Plan::check(std::span<const Tensor> bindings) const {
  if (bindings.size() != inputs.size())
    throw ValueError(
        fmt::format("the program takes {} arrays, not {}", inputs.size(), bindings.size()));
  const int64_t m = rows(bindings);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Step& step = steps[inputs[i]];
    const Shape expected = step.shape.at(m);
    if (bindings[i].dtype != step.dtype)
      throw DTypeError(fmt::format("argument {} is {}, planned for {}; use astype", i,
                                   name(bindings[i].dtype), name(step.dtype)));
    if (!(bindings[i].shape == expected))
      throw ShapeError(fmt::format("argument {} has shape {}, planned for {} with m = {}", i,
                                   to_string(bindings[i].shape), step.shape.text(), m),
                       {"run",
                        {bindings[i].shape, expected},
                        -1,
                        0,
                        0,
                        "all arrays of a run need the same number of samples"});
  }
  for (int i : bounded) check_step(steps[i], m);
}

namespace {

void check_extents(const Step& step, const Shape& shape, int64_t m) {
  for (int64_t extent : shape)
    if (extent < 0)
      throw IndexError(
          fmt::format("{}: {} has a negative extent with m = {} samples; the function needs more",
                      graph::name(step.op), step.shape.text(), m));
}

// That the elements start, start + step, … lie within each axis.
void check_positions(const Step& step, const Shape& whole, const Shape& part, int64_t m) {
  const Dims start = step.start.at(m);
  for (int axis = 0; axis < part.rank(); ++axis) {
    if (part[axis] == 0) continue;
    const int64_t last = start[axis] + (part[axis] - 1) * step.attributes.step[axis];
    for (int64_t at : {start[axis], last})
      if (at < 0 || at >= whole[axis])
        throw IndexError(fmt::format(
            "index {} is out of range for axis {} with extent {}, with m = {} samples; the "
            "function needs more",
            at, axis, whole[axis], m));
  }
}

}  // namespace

void Plan::check_step(const Step& step, int64_t m) const {
  using graph::Op;
  const Shape shape = step.shape.at(m);
  check_extents(step, shape, m);
  if (step.operands.empty()) return;
  const Shape x = steps[step.operands[0]].shape.at(m);
  if (step.op == Op::slice) check_positions(step, x, shape, m);
  else if (step.op == Op::pad) check_positions(step, shape, x, m);
  else if (graph::needs_elements(step.op))
    graph::check_elements(graph::name(step.op), x, step.attributes.axes);
  else if (graph::chooses(step.op))
    graph::check_k(step.attributes.k, x, static_cast<int>(step.attributes.axes[0]));
}

PlanReport Plan::report() const {
  static constexpr const char* kStorage[] = {"input", "constant", "slot", "output"};
  PlanReport report;
  for (const Step& s : steps)
    report.steps.push_back({std::string(graph::name(s.op)), s.operands, s.dtype, s.shape.text(),
                            kStorage[static_cast<int>(s.storage)], s.place, s.is_view});
  report.outputs = outputs;
  report.slots = slot_count;
  report.for_every_m = m_input >= 0;
  return report;
}

}  // namespace lanewise::plan
