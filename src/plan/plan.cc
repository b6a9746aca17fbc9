#include "plan/plan.h"

#include <fmt/format.h>

#include "base/counted.h"
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
  for (int i : choosing) {
    const Step& step = steps[i];
    graph::check_k(step.attributes.k, steps[step.operands[0]].shape.at(m),
                   static_cast<int>(step.attributes.axes[0]));
  }
}

std::string Plan::dump() const {
  static constexpr std::string_view kStorage[] = {"input", "constant", "slot", "output"};
  std::string text =
      fmt::format("plan: {}, {}{}\n", counted(static_cast<int64_t>(steps.size()), "step"),
                  counted(slot_count, "slot"), m_input >= 0 ? ", one plan for every m" : "");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& s = steps[i];
    std::string operands;
    for (int operand : s.operands)
      operands += fmt::format("{}%{}", operands.empty() ? "" : ", ", operand);
    text += fmt::format("%{} = {}({}) : {} {}  {} {}{}\n", i, graph::name(s.op), operands,
                        name(s.dtype), s.shape.text(), kStorage[static_cast<int>(s.storage)],
                        s.place, s.is_view ? " (view)" : "");
  }
  text += "return";
  for (int output : outputs) text += fmt::format(" %{}", output);
  return text + "\n";
}

}  // namespace lanewise::plan
