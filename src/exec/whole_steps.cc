#include "exec/whole_steps.h"

#include <algorithm>
#include <new>

#include "kernels/scratch.h"
#include "plan/cost.h"
#include "plan/sample_axes.h"

namespace lanewise::exec {
namespace {

using plan::Plan;
using plan::Step;

// Elements times operations that are worth a thread.
constexpr int64_t kGrain = 32 << 10;

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
      if (!can_join(out.back()[0])) continue;
      gather(out.back());
      out.back() = results_one_by_one(out.back());
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
  // The steps of a group in another order: all that a result takes, then that result. So no other
  // one comes between the operations of a compound.
  std::vector<int> results_one_by_one(const std::vector<int>& group) const {
    std::vector<bool> is_left(plan_.steps.size());
    for (int i : group) is_left[i] = true;
    const std::vector<bool> inside = is_left;
    std::vector<int> out;
    const auto add = [&](auto&& self, int i) -> void {
      if (!is_left[i]) return;
      is_left[i] = false;
      for (int operand : plan_.steps[i].operands) self(self, operand);
      out.push_back(i);
    };
    for (int i : group)
      if (is_read_elsewhere(i, inside)) add(add, i);
    for (int i : group) add(add, i);  // what nobody reads
    return out;
  }
  bool is_read_elsewhere(int i, const std::vector<bool>& inside) const {
    if (std::find(plan_.outputs.begin(), plan_.outputs.end(), i) != plan_.outputs.end())
      return true;
    for (std::size_t reader = 0; reader < plan_.steps.size(); ++reader) {
      const std::vector<int>& operands = plan_.steps[reader].operands;
      if (!inside[reader] && std::find(operands.begin(), operands.end(), i) != operands.end())
        return true;
    }
    return false;
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
    if (!can_join_pass(s) || !is_fixed(i)) return false;
    return std::all_of(s.operands.begin(), s.operands.end(), [&](int o) {
      return is_fixed(o) && (elements(o) == 1 || plan_.steps[o].shape == s.shape);
    });
  }
  bool is_fixed(int i) const { return plan_.steps[i].shape.constant(); }
  int64_t elements(int i) const { return plan::sample_size(plan_.steps[i], plan::kNoAxis); }

  const Plan& plan_;
  std::vector<int> waiting_;
  std::vector<bool> is_waiting_;
};

// Where the arrays of a pass lie, whose results get memory. False where elements come in another
// order.
bool find_windows(const ElementwisePass& pass, Run& run, Window* windows) {
  const auto arrays = static_cast<int>(pass.outside.size());
  for (int k = pass.read; k < arrays; ++k) run.allocate(pass.outside[k]);
  for (int k = 0; k < arrays; ++k) {
    const View& v = run.view(pass.outside[k]);
    const int64_t stride = v.size() == 1 ? 0 : 1;
    if (stride != 0 && !v.contiguous()) return false;
    new (&windows[k]) Window{v.data, static_cast<int64_t>(size_of(v.dtype)), stride, stride};
  }
  return true;
}

// A pass among those of a round, counted in elements times operations, one behind the other.
struct Work {
  const ElementwisePass& pass;
  const Window* windows;
  int64_t elements;
  int64_t first;  // where it begins

  int64_t all() const { return elements * static_cast<int64_t>(pass.steps.size()); }

  // The strips that begin from `begin` to `end` - 1.
  void run(int64_t begin, int64_t end, std::byte* buffers) const {
    const int64_t strip = ElementwisePass::kStrip * static_cast<int64_t>(pass.steps.size());
    int64_t k = std::max<int64_t>(0, (begin - first + strip - 1) / strip);
    for (; first + k * strip < std::min(end, first + all()); ++k) {
      const int64_t at = k * ElementwisePass::kStrip;
      pass.run(windows, at, std::min(ElementwisePass::kStrip, elements - at), buffers);
    }
  }
};

}  // namespace

WholeSteps::WholeSteps(const Plan& plan, std::vector<int> steps) {
  std::vector<bool> in_round(plan.steps.size());
  const auto reads_round = [&](int i) {
    const std::vector<int>& operands = plan.steps[i].operands;
    return std::any_of(operands.begin(), operands.end(), [&](int o) { return in_round[o]; });
  };
  for (std::vector<int>& group : Grouping(plan, steps).groups()) {
    const bool is_pass = group.size() > 1;
    const bool joins = is_pass && !rounds_.empty() && !rounds_.back()[0].operations.empty() &&
                       std::none_of(group.begin(), group.end(), reads_round);
    if (!joins) {
      in_round.assign(plan.steps.size(), false);
      rounds_.emplace_back();
    }
    for (int i : group) in_round[i] = true;
    rounds_.back().push_back(is_pass ? make_elementwise_pass(plan, std::move(group))
                                     : ElementwisePass{std::move(group), {}, 0, 0, {}});
  }
}

std::vector<Moment> WholeSteps::moments() const {
  std::vector<Moment> out;
  for (const Round& round : rounds_) {
    out.emplace_back();
    for (const ElementwisePass& pass : round) out.back().groups.push_back(pass.steps);
  }
  return out;
}

void WholeSteps::run(Run& run) const {
  for (const Round& round : rounds_) {
    if (round[0].operations.empty()) run.step(round[0].steps[0]);
    else run_passes(round, run);
  }
}

void WholeSteps::run_passes(const Round& round, Run& run) {
  std::size_t arrays = 0;
  int64_t buffer_bytes = 0;
  for (const ElementwisePass& pass : round) {
    arrays += pass.outside.size();
    buffer_bytes = std::max(buffer_bytes, pass.buffer_bytes());
  }
  const kernels::Scratch memory(arrays * sizeof(Window) + round.size() * sizeof(Work));
  Window* windows = reinterpret_cast<Window*>(memory.data());
  Work* const works = reinterpret_cast<Work*>(windows + arrays);
  Work* last = works;
  int64_t total = 0;
  for (const ElementwisePass& pass : round) {
    if (!find_windows(pass, run, windows)) {
      for (int i : pass.steps) run.step(i);
      continue;
    }
    new (last) Work{pass, windows, run.view(pass.outside.back()).size(), total};
    windows += pass.outside.size();
    total += last++->all();
  }
  parallel_for(total, kGrain, [&](int64_t begin, int64_t end) {
    const kernels::Scratch buffers(static_cast<std::size_t>(buffer_bytes));
    for (const Work* work = works; work < last; ++work) work->run(begin, end, buffers.data());
  });
}

}  // namespace lanewise::exec
