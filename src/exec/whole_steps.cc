#include "exec/whole_steps.h"

#include <algorithm>

#include "exec/step_kernels.h"
#include "kernels/cast/cast.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/scratch.h"
#include "plan/slots.h"

namespace lanewise::exec {
namespace {

using graph::Op;
using graph::OpClass;
using plan::Plan;
using plan::Step;

// Elements of a strip, and elements times operations that are worth a thread.
constexpr int64_t kStrip = 1024, kGrain = 128 << 10;
constexpr int64_t kBufferBytes = kStrip * static_cast<int64_t>(sizeof(double));

bool is_elementwise(const Step& s) {
  switch (graph::traits(s.op).kind) {
    case OpClass::unary:
    case OpClass::where:
    case OpClass::cast: return true;
    // The exponents of an integer power are checked before it.
    case OpClass::binary: return s.op != Op::power || !is_integer(s.dtype);
    default: return false;
  }
}

kernels::Loop loop_of(const Step& step, DType operands) {
  switch (graph::traits(step.op).kind) {
    case OpClass::unary:
      return kernels::fast::loop_of(kernel_of<kernels::Unary>(step.op, Op::negative), operands);
    case OpClass::binary:
      return kernels::fast::loop_of(kernel_of<kernels::Binary>(step.op, Op::add), operands);
    case OpClass::where: return kernels::fast::where_loop(step.dtype);
    default: return kernels::fast::cast_loop(operands, step.dtype);
  }
}

// Orders steps so that those which can make one pass follow one another: small values first,
// since large ones wait for them.
class Grouping {
 public:
  Grouping(const Plan& plan, const std::vector<int>& steps)
      : plan_(plan), waiting_(steps), is_waiting_(plan.steps.size()) {
    for (int i : steps) is_waiting_[i] = true;
  }

  std::vector<std::vector<int>> groups() {
    std::vector<std::vector<int>> out;
    while (!waiting_.empty()) {
      out.push_back({next()});
      take(out.back()[0]);
      if (can_join(out.back()[0])) gather(out.back());
    }
    return out;
  }

 private:
  void gather(std::vector<int>& group) {
    const plan::SymbolicDims& shape = plan_.steps[group[0]].shape;
    // Operands stand before users, so one look at each is enough.
    for (int i : std::vector<int>(waiting_)) {
      if (!can_join(i) || plan_.steps[i].shape != shape || !is_ready(i)) continue;
      group.push_back(i);
      take(i);
    }
  }
  void take(int i) {
    is_waiting_[i] = false;
    std::erase(waiting_, i);
  }

  int next() const {
    const auto size = [&](int i) { return can_join(i) ? elements(i) : 0; };
    int best = -1;
    for (int i : waiting_)
      if (is_ready(i) && (best < 0 || size(i) < size(best))) best = i;
    return best;
  }
  bool is_ready(int i) const {
    const std::vector<int>& operands = plan_.steps[i].operands;
    return std::none_of(operands.begin(), operands.end(), [&](int o) { return is_waiting_[o]; });
  }

  // Shapes that count no samples, and operands that are a number or of that shape.
  bool can_join(int i) const {
    const Step& s = plan_.steps[i];
    if (!is_elementwise(s) || !is_fixed(i)) return false;
    return std::all_of(s.operands.begin(), s.operands.end(), [&](int o) {
      return is_fixed(o) && (elements(o) == 1 || plan_.steps[o].shape == s.shape);
    });
  }
  bool is_fixed(int i) const {
    const plan::SymbolicDims& shape = plan_.steps[i].shape;
    for (int axis = 0; axis < shape.rank(); ++axis)
      if (shape[axis].scale != 0) return false;
    return true;
  }
  int64_t elements(int i) const {
    int64_t size = 1;
    for (int axis = 0; axis < plan_.steps[i].shape.rank(); ++axis)
      size *= plan_.steps[i].shape[axis].offset;
    return size;
  }

  const Plan& plan_;
  std::vector<int> waiting_;
  std::vector<bool> is_waiting_;
};

}  // namespace

// Where the values of a pass lie: in the buffers of a strip, those of dead values in turn, or in
// arrays.
class WholeSteps::PassBuilder {
 public:
  PassBuilder(const Plan& plan, std::vector<int> steps)
      : plan_(plan), number_(plan.steps.size(), -1) {
    pass_.steps = std::move(steps);
    for (std::size_t at = 0; at < pass_.steps.size(); ++at)
      number_[pass_.steps[at]] = static_cast<int>(at);
  }

  Pass build() {
    find_last_uses();
    places_.resize(pass_.steps.size());
    for (int i : pass_.steps)
      for (int operand : plan_.steps[i].operands)
        if (number_[operand] < 0) outside(operand);
    pass_.read = static_cast<int>(pass_.outside.size());
    for (std::size_t at = 0; at < pass_.steps.size(); ++at) add(at);
    pass_.buffers = pool_.count();
    return std::move(pass_);
  }

 private:
  void find_last_uses() {
    last_use_.assign(pass_.steps.size(), -1);
    escapes_.assign(pass_.steps.size(), false);
    for (int i = 0; i < static_cast<int>(plan_.steps.size()); ++i)
      for (int operand : plan_.steps[i].operands) {
        if (number_[operand] < 0) continue;
        if (number_[i] < 0) escapes_[number_[operand]] = true;
        else last_use_[number_[operand]] = std::max(last_use_[number_[operand]], number_[i]);
      }
    for (int output : plan_.outputs)
      if (number_[output] >= 0) escapes_[number_[output]] = true;
  }

  int outside(int step) {
    const auto found = std::find(pass_.outside.begin(), pass_.outside.end(), step);
    const auto at = static_cast<int>(found - pass_.outside.begin());
    if (found == pass_.outside.end()) pass_.outside.push_back(step);
    return at;
  }

  void add(std::size_t at) {
    const Step& s = plan_.steps[pass_.steps[at]];
    Operation op{
        loop_of(s, plan_.steps[s.operands[0]].dtype), static_cast<int>(s.operands.size()), {}};
    for (int k = 0; k < op.operands; ++k) {
      const int from = number_[s.operands[k]];
      op.places[k] = from >= 0 ? places_[from] : Place{-1, outside(s.operands[k])};
    }
    // Buffers come back first: an element may be written over the operand that it was made of.
    for (std::size_t from = 0; from < at; ++from)
      if (last_use_[from] == static_cast<int>(at) && places_[from].buffer >= 0)
        pool_.give_back(key(from), places_[from].buffer);
    if (escapes_[at]) places_[at].outside = outside(pass_.steps[at]);
    else places_[at].buffer = pool_.take(key(at));
    op.places[op.operands] = places_[at];
    pass_.operations.push_back(op);
  }
  plan::SlotPool::Key key(std::size_t at) const {
    return {static_cast<int64_t>(size_of(plan_.steps[pass_.steps[at]].dtype))};
  }

  const Plan& plan_;
  Pass pass_;
  std::vector<int> number_;  // of each step of the plan: its place in the pass, or -1
  std::vector<int> last_use_;
  std::vector<bool> escapes_;
  std::vector<Place> places_;
  plan::SlotPool pool_;
};

WholeSteps::WholeSteps(const Plan& plan, std::vector<int> steps) {
  for (std::vector<int>& group : Grouping(plan, steps).groups()) {
    if (group.size() > 1) units_.push_back(PassBuilder(plan, std::move(group)).build());
    else units_.push_back({std::move(group), {}, 0, 0, {}});
  }
}

std::vector<std::vector<int>> WholeSteps::units() const {
  std::vector<std::vector<int>> out;
  for (const Pass& unit : units_) out.push_back(unit.steps);
  return out;
}

void WholeSteps::run(Run& run) const {
  for (const Pass& unit : units_) {
    if (unit.operations.empty()) run.step(unit.steps[0]);
    else run_pass(unit, run);
  }
}

// An array that a pass reads or writes.
struct WholeSteps::Window {
  std::byte* data;
  int64_t bytes;   // of an element
  int64_t stride;  // 0: one number for all
};

void WholeSteps::run_pass(const Pass& pass, Run& run) {
  const auto arrays = static_cast<int>(pass.outside.size());
  for (int k = pass.read; k < arrays; ++k) run.allocate(pass.outside[k]);
  const Shape shape = run.plan().steps[pass.steps[0]].shape.at(run.m());
  const int64_t count = element_count(shape);
  const kernels::Scratch memory(static_cast<std::size_t>(arrays) * sizeof(Window));
  Window* windows = reinterpret_cast<Window*>(memory.data());
  for (int k = 0; k < arrays; ++k) {
    const View& v = run.view(pass.outside[k]);
    // Elements in another order: each step with its kernel.
    if (v.size() != 1 && !v.contiguous()) {
      for (int i : pass.steps) run.step(i);
      return;
    }
    windows[k] = {v.data, static_cast<int64_t>(size_of(v.dtype)), v.size() == 1 ? 0 : 1};
  }
  const auto strips = [&](int64_t begin, int64_t end) {
    const kernels::Scratch buffers(static_cast<std::size_t>(pass.buffers * kBufferBytes));
    for (int64_t first = begin; first < end; first += kStrip) {
      const int64_t length = std::min(kStrip, end - first);
      for (const Operation& op : pass.operations) {
        std::byte* data[4];
        int64_t strides[4];
        for (int k = 0; k <= op.operands; ++k) {
          const Place& place = op.places[k];
          if (place.buffer >= 0) {
            data[k] = buffers.data() + place.buffer * kBufferBytes;
            strides[k] = 1;
          } else {
            const Window& w = windows[place.outside];
            data[k] = w.data + first * w.stride * w.bytes;
            strides[k] = w.stride;
          }
        }
        op.loop(data, strides, length);
      }
    }
  };
  parallel_for(count, kGrain / static_cast<int64_t>(pass.operations.size()), strips);
}

}  // namespace lanewise::exec
