#include "exec/elementwise_pass.h"

#include <algorithm>

#include "exec/compound_step.h"
#include "exec/step_kernels.h"
#include "kernels/cast/cast.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/movement/stream.h"
#include "plan/slots.h"

namespace lanewise::exec {
namespace {

using graph::Op;
using graph::OpClass;
using plan::Plan;
using plan::Step;

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

// Where the values of a pass lie: in the buffers of a strip, those of dead values in turn, or in
// arrays.
class PassBuilder {
 public:
  PassBuilder(const Plan& plan, std::vector<int> steps)
      : plan_(plan), number_(plan.steps.size(), -1) {
    pass_.steps = std::move(steps);
    for (std::size_t at = 0; at < pass_.steps.size(); ++at)
      number_[pass_.steps[at]] = static_cast<int>(at);
  }

  ElementwisePass build() {
    find_escapes();
    find_compounds();
    find_last_uses();
    places_.resize(pass_.steps.size());
    for (std::size_t at = 0; at < pass_.steps.size(); ++at)
      for (int from : reads_[at])
        if (number_[from] < 0) outside(from);
    pass_.read = static_cast<int>(pass_.outside.size());
    for (std::size_t at = 0; at < pass_.steps.size(); ++at)
      if (!is_inner_[at]) add(at);
    pass_.buffers = pool_.count();
    return std::move(pass_);
  }

 private:
  void find_escapes() {
    uses_.assign(pass_.steps.size(), 0);
    escapes_.assign(pass_.steps.size(), false);
    for (int i = 0; i < static_cast<int>(plan_.steps.size()); ++i)
      for (int operand : plan_.steps[i].operands) {
        if (number_[operand] < 0) continue;
        ++uses_[number_[operand]];
        if (number_[i] < 0) escapes_[number_[operand]] = true;
      }
    for (int output : plan_.outputs)
      if (number_[output] >= 0) escapes_[number_[output]] = true;
  }

  // Fills loops_ and reads_, but for the steps that compounds of later ones take in.
  void find_compounds() {
    loops_.resize(pass_.steps.size());
    reads_.resize(pass_.steps.size());
    is_inner_.assign(pass_.steps.size(), false);
    const auto may_vanish = [&](int i) {
      const int at = number_[i];
      return at >= 0 && uses_[at] == 1 && !escapes_[at];
    };
    for (int at = static_cast<int>(pass_.steps.size()) - 1; at >= 0; --at) {
      if (is_inner_[at]) continue;
      const int i = pass_.steps[at];
      const Step& s = plan_.steps[i];
      if (const auto found = find_compound(plan_, i, may_vanish); found && can_wait(*found, at)) {
        loops_[at] = kernels::fast::compound_loop(found->which, s.dtype);
        reads_[at].assign(found->arguments.begin(), found->arguments.begin() + found->count);
        for (int inner : found->inner) is_inner_[number_[inner]] = true;
      } else {
        loops_[at] = loop_of(s, plan_.steps[s.operands[0]].dtype);
        reads_[at] = s.operands;
      }
    }
  }
  // Inner operations run with the last: what lies between is not written where they still read.
  bool can_wait(const CompoundStep& compound, int last) const {
    return std::all_of(compound.inner.begin(), compound.inner.end(), [&](int inner) {
      return std::none_of(escapes_.begin() + number_[inner], escapes_.begin() + last,
                          [](bool escapes) { return escapes; });
    });
  }

  void find_last_uses() {
    last_use_.assign(pass_.steps.size(), -1);
    for (std::size_t at = 0; at < pass_.steps.size(); ++at)
      for (int from : reads_[at])
        if (number_[from] >= 0) last_use_[number_[from]] = static_cast<int>(at);
  }

  int outside(int step) {
    const auto found = std::find(pass_.outside.begin(), pass_.outside.end(), step);
    const auto at = static_cast<int>(found - pass_.outside.begin());
    if (found == pass_.outside.end()) pass_.outside.push_back(step);
    return at;
  }

  void add(std::size_t at) {
    ElementwisePass::Operation op{loops_[at], static_cast<int>(reads_[at].size()), {}};
    for (int k = 0; k < op.operands; ++k) {
      const int from = number_[reads_[at][k]];
      op.places[k] = from >= 0 ? places_[from] : ElementwisePass::Place{-1, outside(reads_[at][k])};
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
  ElementwisePass pass_;
  std::vector<int> number_;  // of each step of the plan: its place in the pass, or -1
  std::vector<int> uses_;
  std::vector<bool> escapes_;
  // Of the loop that makes the value of a step: what it reads; no steps that it takes in.
  std::vector<kernels::Loop> loops_;
  std::vector<std::vector<int>> reads_;
  std::vector<bool> is_inner_;
  std::vector<int> last_use_;
  std::vector<ElementwisePass::Place> places_;
  plan::SlotPool pool_;
};

}  // namespace

// The exponents of an integer power are checked before it.
bool can_join_pass(const Step& s) {
  return graph::is_elementwise(s.op) && (s.op != Op::power || !is_integer(s.dtype));
}

void ElementwisePass::run(const Window* windows, int64_t first, int64_t count,
                          std::byte* buffer_memory, bool moves) const {
  constexpr int64_t kBufferBytes = kStrip * static_cast<int64_t>(sizeof(double));
  for (const Operation& op : operations) {
    if (moves) fetch(windows, count, &op - operations.data());
    std::byte* data[kernels::compounds::kMostArguments + 1];
    int64_t strides[kernels::compounds::kMostArguments + 1];
    for (int k = 0; k <= op.operands; ++k) {
      const Place& place = op.places[k];
      if (place.buffer >= 0) {
        data[k] = buffer_memory + place.buffer * kBufferBytes;
        strides[k] = 1;
      } else {
        const Window& w = windows[place.outside];
        data[k] = w.data + first * w.advance * w.bytes;
        strides[k] = w.stride;
      }
    }
    op.loop(data, strides, count);
    const int result = op.places[op.operands].outside;
    if (!moves || result < 0) continue;
    const Window& w = windows[result];
    if (w.leaves)
      kernels::fast::stream_copy(w.data, w.leaves + first * w.bytes, count * w.bytes, w.next);
  }
}

// Each operation fetches its share of what comes next for those that are read.
void ElementwisePass::fetch(const Window* windows, int64_t count, int64_t operation) const {
  const auto all = static_cast<int64_t>(operations.size());
  for (const Window* w = windows; w < windows + read; ++w)
    if (w->next)
      kernels::fast::fetch(w->next, count * w->bytes * operation / all,
                           count * w->bytes * (operation + 1) / all);
}

ElementwisePass make_elementwise_pass(const Plan& plan, std::vector<int> steps) {
  return PassBuilder(plan, std::move(steps)).build();
}

}  // namespace lanewise::exec
