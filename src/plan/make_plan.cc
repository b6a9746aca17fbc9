// From graph to plan: number the nodes, fit the extents, place the values.
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

// Everything of a step but storage. False when the traces differ otherwise than
// in affine extents.
bool fill_step(const Numbered& first, const Numbered& second, int i, Step& step) {
  const Node &a = *first.nodes[i], &b = *second.nodes[i];
  if (a.op != b.op || a.dtype != b.dtype || a.has_value() != b.has_value()) return false;
  if (a.attributes.axes != b.attributes.axes || a.attributes.step != b.attributes.step ||
      a.attributes.axis != b.attributes.axis || a.attributes.keepdims != b.attributes.keepdims ||
      a.attributes.k != b.attributes.k || a.attributes.first != b.attributes.first ||
      a.attributes.increment != b.attributes.increment)
    return false;
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

void find_choosing(Plan& plan) {
  for (int i = 0; i < static_cast<int>(plan.steps.size()); ++i) {
    const Step& step = plan.steps[i];
    if (step.op < Op::top_k || step.op > Op::arg_bottom_k) continue;
    const SymbolicDims& x = plan.steps[step.operands[0]].shape;
    if (x[static_cast<int>(step.attributes.axes[0])].scale != 0) plan.choosing.push_back(i);
  }
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
  split_reductions(*plan);
  find_choosing(*plan);
  Placement placement(*plan);
  placement.place_outputs();
  placement.place_slots();
  return plan;
}

PlanPtr make_plan(const Program& program) { return make_plan(program, program); }

}  // namespace lanewise::plan
