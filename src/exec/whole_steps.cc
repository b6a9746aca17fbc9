#include "exec/whole_steps.h"

#include <algorithm>

#include "kernels/scratch.h"

namespace lanewise::exec {
namespace {

using plan::Plan;
using plan::Step;

// Elements times operations that are worth a thread.
constexpr int64_t kGrain = 128 << 10;

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

WholeSteps::WholeSteps(const Plan& plan, std::vector<int> steps) {
  for (std::vector<int>& group : Grouping(plan, steps).groups()) {
    if (group.size() > 1) units_.push_back(make_elementwise_pass(plan, std::move(group)));
    else units_.push_back({std::move(group), {}, 0, 0, {}});
  }
}

std::vector<std::vector<int>> WholeSteps::units() const {
  std::vector<std::vector<int>> out;
  for (const ElementwisePass& unit : units_) out.push_back(unit.steps);
  return out;
}

void WholeSteps::run(Run& run) const {
  for (const ElementwisePass& unit : units_) {
    if (unit.operations.empty()) run.step(unit.steps[0]);
    else run_pass(unit, run);
  }
}

void WholeSteps::run_pass(const ElementwisePass& pass, Run& run) {
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
    const int64_t stride = v.size() == 1 ? 0 : 1;
    windows[k] = {v.data, static_cast<int64_t>(size_of(v.dtype)), stride, stride};
  }
  const auto strips = [&](int64_t begin, int64_t end) {
    const kernels::Scratch buffers(static_cast<std::size_t>(pass.buffer_bytes()));
    for (int64_t first = begin; first < end; first += ElementwisePass::kStrip)
      pass.run(windows, first, std::min(ElementwisePass::kStrip, end - first), buffers.data());
  };
  parallel_for(count, kGrain / static_cast<int64_t>(pass.operations.size()), strips);
}

}  // namespace lanewise::exec
