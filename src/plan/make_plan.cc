// From graph to plan: number the nodes, fit the extents, place the values.
#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "lanewise/error.h"
#include "plan/plan.h"
#include "plan/slots.h"
#include "plan/sweep.h"

namespace lanewise::plan {
namespace {

using graph::Node;
using graph::NodePtr;
using graph::Op;
using graph::OpClass;
using graph::Program;

// One array, or one that both traces made alike.
bool same_constant(const Tensor& a, const Tensor& b) {
  if (a.dtype != b.dtype || a.shape != b.shape || a.strides != b.strides) return false;
  return a.data == b.data ||
         (a.contiguous() &&
          std::memcmp(a.data, b.data, static_cast<std::size_t>(a.size() * size_of(a.dtype))) == 0);
}

// One trace, numbered: the same program gives the same numbers.
struct Numbered {
  std::vector<NodePtr> nodes;
  std::unordered_map<const Node*, int> number;
  explicit Numbered(const Program& program) {
    // Inputs first, also those that nothing uses.
    for (const NodePtr& input : program.inputs)
      if (number.emplace(input.get(), static_cast<int>(nodes.size())).second)
        nodes.push_back(input);
    for (const NodePtr& node : graph::topological_order(program.outputs))
      if (number.emplace(node.get(), static_cast<int>(nodes.size())).second) nodes.push_back(node);
  }
};

// Those that don't depend on m.
bool same_attributes(const graph::Attributes& a, const graph::Attributes& b) {
  return a.axes == b.axes && a.step == b.step && a.axis == b.axis && a.keepdims == b.keepdims &&
         a.k == b.k && a.first == b.first && a.increment == b.increment;
}

// Everything of a step but storage. False when the traces differ otherwise than
// in affine extents.
bool fill_step(const Numbered& first, const Numbered& second, int i, Step& step) {
  const Node &a = *first.nodes[i], &b = *second.nodes[i];
  if (a.op != b.op || a.dtype != b.dtype || a.has_value() != b.has_value()) return false;
  if (!same_attributes(a.attributes, b.attributes)) return false;
  const auto shape = SymbolicDims::fit(a.shape, b.shape);
  const auto start = SymbolicDims::fit(a.attributes.start, b.attributes.start);
  if (!shape || !start) return false;
  step.op = a.op;
  step.dtype = a.dtype;
  step.attributes = a.attributes;
  step.shape = *shape;
  step.start = *start;
  if (a.has_value()) return true;
  if (a.inputs.size() != b.inputs.size()) return false;
  for (std::size_t k = 0; k < a.inputs.size(); ++k) {
    step.operands.push_back(first.number.at(a.inputs[k].get()));
    if (second.number.at(b.inputs[k].get()) != step.operands.back()) return false;
  }
  step.is_view = graph::traits(a.op).kind == OpClass::view;
  return true;
}

// Gives steps their storage: inputs, constants, then slots that are taken up
// again when their last user is done. Views keep their operand alive.
class Placement {
 public:
  explicit Placement(Plan& plan) : plan_(plan), last_use_(plan.steps.size(), -1) {
    for (int i = static_cast<int>(plan.steps.size()) - 1; i >= 0; --i) {
      const Step& step = plan.steps[i];
      for (int operand : step.operands)
        last_use_[operand] =
            std::max(last_use_[operand], step.is_view ? std::max(i, last_use_[i]) : i);
    }
  }

  void place_outputs() {
    for (std::size_t k = 0; k < plan_.outputs.size(); ++k) {
      Step& step = plan_.steps[plan_.outputs[k]];
      if (step.storage == Storage::slot && !step.is_view)
        set(step, Storage::output, static_cast<int>(k));
    }
    // The memory under an output that is a view outlives the run as well.
    for (int output : plan_.outputs)
      for (int i = output; plan_.steps[i].is_view; i = plan_.steps[i].operands[0]) {
        Step& step = plan_.steps[i];
        Step& under = plan_.steps[step.operands[0]];
        if (step.storage == Storage::slot) set(step, Storage::output, -1);
        if (under.storage == Storage::slot && !under.is_view) set(under, Storage::output, -1);
      }
  }

  void place_slots() {
    std::vector<std::vector<int>> ending(plan_.steps.size());
    SlotPool pool;
    for (int i = 0; i < static_cast<int>(plan_.steps.size()); ++i) {
      Step& step = plan_.steps[i];
      if (step.storage == Storage::slot) {
        set(step, Storage::slot, pool.take(size_key(step)));
        ending[std::max(i, last_use_[i])].push_back(i);
      }
      for (int done : ending[i])
        pool.give_back(size_key(plan_.steps[done]), plan_.steps[done].place);
    }
    plan_.slot_count = pool.count();
  }

 private:
  static void set(Step& step, Storage storage, int place) {
    step.storage = storage;
    step.place = place;
  }
  Plan& plan_;
  std::vector<int> last_use_;
};

void find_m(Plan& plan) {
  for (std::size_t k = 0; k < plan.inputs.size() && plan.m_input < 0; ++k) {
    const SymbolicDims& shape = plan.steps[plan.inputs[k]].shape;
    for (int axis = 0; axis < shape.rank() && plan.m_input < 0; ++axis)
      if (shape[axis].scale != 0) plan.m_input = static_cast<int>(k), plan.m_axis = axis;
  }
}

// Whether some m gives it a negative extent.
bool may_be_negative(const SymbolicDims& shape) {
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (const Extent e = shape[axis]; e.scale < 0 || (e.scale > 0 && e.offset < 0)) return true;
  return false;
}

// Whether some m has too few elements for a step.
bool is_bounded(const Plan& plan, const Step& step) {
  if (may_be_negative(step.shape)) return true;
  if (step.operands.empty()) return false;
  const SymbolicDims& x = plan.steps[step.operands[0]].shape;
  if (step.op == Op::slice || step.op == Op::pad)
    return !(x.constant() && step.shape.constant()) && !(x == step.shape);
  if (!graph::needs_elements(step.op) && !graph::chooses(step.op)) return false;
  return std::any_of(step.attributes.axes.begin(), step.attributes.axes.end(),
                     [&](int64_t axis) { return x[static_cast<int>(axis)].scale != 0; });
}

void find_bounded(Plan& plan) {
  if (plan.m_input < 0) return;
  for (int i = 0; i < static_cast<int>(plan.steps.size()); ++i)
    if (is_bounded(plan, plan.steps[i])) plan.bounded.push_back(i);
}

// Whether node i of a trace with m samples is that step.
bool is_step(const Plan& plan, const Numbered& trace, int i, int64_t m) {
  const Node& node = *trace.nodes[i];
  const Step& step = plan.traced[i];
  if (node.dtype != step.dtype || node.shape != step.shape.at(m)) return false;
  if (step.storage == Storage::bound) return true;
  if (node.has_value() != (step.storage == Storage::constant)) return false;
  if (node.has_value()) return same_constant(node.value, plan.constants[step.place]);
  return node.op == step.op && same_attributes(node.attributes, step.attributes) &&
         node.attributes.start == step.start.at(m) &&
         std::equal(node.inputs.begin(), node.inputs.end(), step.operands.begin(),
                    step.operands.end(), [&](const NodePtr& operand, int number) {
                      return trace.number.at(operand.get()) == number;
                    });
}

}  // namespace

SlotPool::Key size_key(const Step& step) {
  SlotPool::Key key = {static_cast<int64_t>(size_of(step.dtype))};
  int64_t fixed = 1;
  for (int axis = 0; axis < step.shape.rank(); ++axis) {
    const Extent e = step.shape[axis];
    if (e.scale == 0) fixed *= e.offset;
    else key.insert(key.end(), {e.scale, e.offset});
  }
  key.push_back(fixed);
  return key;
}

PlanPtr make_plan(const Program& first, const Program& second) {
  const Numbered a(first), b(second);
  if (a.nodes.size() != b.nodes.size()) return nullptr;
  auto plan = std::make_shared<Plan>();
  plan->steps.resize(a.nodes.size());
  for (int i = 0; i < static_cast<int>(a.nodes.size()); ++i) {
    Step& step = plan->steps[i];
    if (!fill_step(a, b, i, step)) return nullptr;
    const NodePtr& node = a.nodes[i];
    if (i < static_cast<int>(first.inputs.size())) {
      step.op = Op::input;
      step.operands.clear();
      step.is_view = false;
      step.storage = Storage::bound;
      step.place = i;
    } else if (node->has_value()) {
      if (!same_constant(node->value, b.nodes[i]->value)) return nullptr;
      step.op = Op::constant;
      step.storage = Storage::constant;
      step.place = static_cast<int>(plan->constants.size());
      plan->constants.push_back(node->value);
    } else if (node->op == Op::input) {
      throw ValueError(
          "a program uses an argument of another program; traced arrays must not be "
          "kept after the function that got them returns");
    }
  }
  for (std::size_t k = 0; k < first.inputs.size(); ++k)
    plan->inputs.push_back(a.number.at(first.inputs[k].get()));
  for (std::size_t k = 0; k < first.outputs.size(); ++k) {
    plan->outputs.push_back(a.number.at(first.outputs[k].get()));
    if (b.number.at(second.outputs[k].get()) != plan->outputs.back()) return nullptr;
  }
  find_m(*plan);
  if (plan->m_input >= 0) {
    plan->traced = plan->steps;
    plan->traced_outputs = plan->outputs;
  }
  split_reductions(*plan);
  find_bounded(*plan);
  Placement placement(*plan);
  placement.place_outputs();
  placement.place_slots();
  return plan;
}

PlanPtr make_plan(const Program& program) { return make_plan(program, program); }

bool serves(const Plan& plan, const Program& program, int64_t m) {
  const Numbered trace(program);
  if (trace.nodes.size() != plan.traced.size()) return false;
  for (int i = 0; i < static_cast<int>(trace.nodes.size()); ++i)
    if (!is_step(plan, trace, i, m)) return false;
  return std::equal(program.outputs.begin(), program.outputs.end(), plan.traced_outputs.begin(),
                    plan.traced_outputs.end(), [&](const NodePtr& output, int number) {
                      return trace.number.at(output.get()) == number;
                    });
}

}  // namespace lanewise::plan
