#include "plan/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "kernels/reduce/monoid.h"
#include "plan/cost.h"
#include "plan/sample_axes.h"
#include "plan/slots.h"

namespace lanewise::plan {
namespace {

using graph::Op;
using graph::OpClass;

// Fewer samples are not worth cutting.
constexpr int64_t kLeastSamples = 2 * kernels::kBlock;

// Elements of a matrix that is too large to meet every tile.
constexpr int64_t kLargeMatrix = 512 << 10;

// The axes over which a reduction over the samples goes besides.
Dims other_axes(const Plan& plan, const Step& step, const std::vector<int>& samples) {
  const bool splits =
      step.op == Op::sum || step.op == Op::prod || step.op == Op::max || step.op == Op::min;
  if (!splits) return {};
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

class Sweeper {
 public:
  Sweeper(const Plan& plan)
      : plan_(plan), steps_(plan.steps), count_(static_cast<int>(steps_.size())) {
    s_.axis = find_sample_axes(plan, kLeastSamples);
    s_.role.resize(count_);
    s_.stage.assign(count_, 0);
    s_.kept.assign(count_, false);
    used_later_.resize(count_);
  }

  Sweep make() {
    int computing = 0;
    for (int i = 0; i < count_; ++i) {
      s_.role[i] = role_of(i);
      s_.stage[i] = stage_of(i);
      const bool computes = in_tiles(i) ? !is_view(i) : s_.role[i] == Role::folded;
      computing += computes;
      if (computes) s_.samples = samples_of(in_tiles(i) ? i : steps_[i].operands[0]);
    }
    s_.worthwhile = computing >= 2 && s_.samples != Extent{};
    if (!s_.worthwhile) return std::move(s_);
    keep_what_is_read_whole();
    keep_what_is_dear();
    fill_stages();
    for (Stage& stage : s_.stages) assign_buffers(stage);
    place();
    return std::move(s_);
  }

 private:
  Extent samples_of(int i) const { return steps_[i].shape[s_.axis[i]]; }
  bool along(int i) const { return s_.axis[i] != kNoAxis; }
  bool in_tiles(int i) const { return s_.role[i] == Role::swept; }

  // All extents but the samples' are numbers.
  bool fixed_but_for_samples(int i) const {
    const SymbolicDims& shape = steps_[i].shape;
    for (int axis = 0; axis < shape.rank(); ++axis)
      if (axis != s_.axis[i] && shape[axis].scale != 0) return false;
    return true;
  }

  Role role_of(int i) const {
    const Step& step = steps_[i];
    if (graph::traits(step.op).kind == OpClass::leaf) return Role::leaf;
    const std::vector<Alignment> aligned = alignments(steps_, step);
    bool reads_samples = false;
    int onto = -3;  // the axis of the result that the samples fall on; kNoAxis: none
    for (int k = 0; k < static_cast<int>(step.operands.size()); ++k) {
      const int operand = step.operands[k], axis = s_.axis[operand];
      if (step.op == Op::count) continue;
      if (axis == kSeveralAxes || !fixed_but_for_samples(operand)) return Role::whole;
      if (axis == kNoAxis) continue;
      reads_samples = true;
      const auto found = std::find_if(aligned.begin(), aligned.end(), [&](const Alignment& a) {
        return a.operand == k && a.axis == axis;
      });
      if (found == aligned.end() || (onto != -3 && onto != found->result)) return Role::whole;
      onto = found->result;
    }
    if (!reads_samples || !fixed_but_for_samples(i) || multiplies_large_matrix(step))
      return Role::whole;
    if (onto == kNoAxis) return can_fold(step, i) ? Role::folded : Role::whole;
    return onto == s_.axis[i] ? Role::swept : Role::whole;
  }

  // Such a product fills the caches by itself, whatever tile meets it.
  bool multiplies_large_matrix(const Step& step) const {
    if (step.op != Op::matmul) return false;
    for (int operand : step.operands)
      if (!along(operand) && sample_size(steps_[operand], kNoAxis) > kLargeMatrix) return true;
    return false;
  }

  bool can_fold(const Step& step, int i) const {
    if (along(i)) return false;
    if (step.op == Op::matmul)
      return is_float(step.dtype) && steps_[i].shape.rank() == 2 && along(step.operands[0]) &&
             along(step.operands[1]);
    if (step.op != Op::sum && step.op != Op::prod && step.op != Op::max && step.op != Op::min)
      return false;
    const int x = step.operands[0];
    for (int64_t axis : step.attributes.axes)
      if (axis != s_.axis[x] && steps_[x].shape[static_cast<int>(axis)] != Extent{0, 1})
        return false;
    return true;
  }

  int stage_of(int i) const {
    int stage = 0;
    const Step& step = steps_[i];
    for (int k = 0; k < static_cast<int>(step.operands.size()); ++k) {
      if (!reads_values(step, k)) continue;
      const int operand = step.operands[k];
      const bool after = s_.role[operand] == Role::folded ||
                         (s_.role[operand] == Role::swept && s_.role[i] == Role::whole);
      stage = std::max(stage, s_.stage[operand] + after);
    }
    return stage;
  }

  void keep_what_is_read_whole() {
    for (int i = 0; i < count_; ++i)
      for (int k = 0; k < static_cast<int>(steps_[i].operands.size()); ++k) {
        const int operand = steps_[i].operands[k];
        if (!in_tiles(operand) || !reads_values(steps_[i], k)) continue;
        if (s_.role[i] == Role::whole) s_.kept[operand] = true;
        else if (s_.stage[i] > s_.stage[operand]) used_later_[under(operand)] = true;
      }
    for (int output : plan_.outputs)
      if (in_tiles(output)) s_.kept[output] = true;
  }

  // Of what later stages read: keep it where writing and reading it costs less than
  // computing it again from what is there anyway.
  void keep_what_is_dear() {
    for (int i = 0; i < count_; ++i) {
      if (!used_later_[i] || s_.kept[i] || !in_tiles(i)) continue;
      std::vector<bool> seen(count_);
      s_.kept[i] = again(i, seen) > keeping_cost(steps_[i], s_.axis[i]);
    }
  }
  bool is_view(int i) const { return steps_[i].is_view; }
  // What a view in tiles shows.
  int under(int i) const {
    while (is_view(i) && in_tiles(i)) i = steps_[i].operands[0];
    return i;
  }

  double again(int i, std::vector<bool>& seen) const {
    if (seen[i] || s_.kept[i] || !in_tiles(i)) return 0;
    seen[i] = true;
    double cost = computing_cost(steps_, steps_[i], s_.axis[i]);
    for (int operand : steps_[i].operands) cost += again(operand, seen);
    return cost;
  }

  void fill_stages() {
    int last = 0;
    for (int i = 0; i < count_; ++i) last = std::max(last, s_.stage[i]);
    s_.stages.resize(last + 1);
    for (int t = 0; t <= last; ++t) {
      std::vector<bool> wanted(count_);
      for (int i = 0; i < count_; ++i) {
        if (s_.role[i] == Role::leaf || s_.stage[i] != t) continue;
        if (s_.role[i] == Role::whole) s_.stages[t].whole.push_back(i);
        else if (s_.role[i] == Role::folded || s_.kept[i] || used_in(i, t)) wanted[i] = true;
      }
      // What a stage needs of earlier ones and is not kept, it computes again.
      for (int i = count_ - 1; i >= 0; --i)
        if (wanted[i])
          for (int k = 0; k < static_cast<int>(steps_[i].operands.size()); ++k) {
            const int operand = steps_[i].operands[k];
            if (in_tiles(operand) && reads_values(steps_[i], k) &&
                (s_.stage[operand] == t || !s_.kept[operand]))
              wanted[operand] = true;
          }
      for (int i = 0; i < count_; ++i)
        if (wanted[i]) s_.stages[t].steps.push_back(i);
    }
  }

  bool used_in(int i, int stage) const {
    for (int j = i + 1; j < count_; ++j)
      for (int operand : steps_[j].operands)
        if (operand == i && s_.stage[j] == stage && s_.role[j] != Role::whole) return true;
    return false;
  }

  // Buffers of a tile, taken up again when their last reader is done.
  void assign_buffers(Stage& stage) {
    const int n = static_cast<int>(stage.steps.size());
    std::vector<int> number(count_, -1), last_use(n);
    for (int at = 0; at < n; ++at) number[stage.steps[at]] = at, last_use[at] = at;
    for (int at = n - 1; at >= 0; --at)
      for (int operand : steps_[stage.steps[at]].operands)
        if (const int from = number[operand]; from >= 0)
          last_use[from] =
              std::max(last_use[from], is_view(stage.steps[at]) ? std::max(at, last_use[at]) : at);
    SlotPool pool;
    std::vector<std::vector<int>> ending(n);
    stage.buffers.assign(n, -1);
    for (int at = 0; at < n; ++at) {
      const int i = stage.steps[at];
      if (s_.role[i] == Role::swept) {
        const int64_t bytes =
            sample_size(steps_[i], s_.axis[i]) * static_cast<int64_t>(size_of(steps_[i].dtype));
        stage.buffers[at] = pool.take({bytes});
        stage.buffer_bytes.resize(pool.count());
        stage.buffer_bytes[stage.buffers[at]] = bytes;
        ending[last_use[at]].push_back(at);
      }
      for (int done : ending[at])
        pool.give_back({stage.buffer_bytes[stage.buffers[done]]}, stage.buffers[done]);
    }
  }

  // When a value is made and last read, in the order of a run: stage t is at 2t + 1,
  // the whole steps before it at 2t.
  void place() {
    s_.place.resize(count_);
    std::vector<int> born(count_), dies(count_);
    auto lives_to = [&](int i, int when) {
      for (;; i = steps_[i].operands[0]) {
        dies[i] = std::max(dies[i], when);
        if (!is_view(i) || s_.role[i] != Role::whole) return;
      }
    };
    for (int t = 0; t < static_cast<int>(s_.stages.size()); ++t) {
      for (int i : s_.stages[t].whole) {
        born[i] = dies[i] = 2 * t;
        for (int operand : steps_[i].operands) lives_to(operand, 2 * t);
      }
      for (int i : s_.stages[t].steps) {
        if (s_.stage[i] == t) born[i] = dies[i] = 2 * t + 1;
        for (int operand : steps_[i].operands) lives_to(operand, 2 * t + 1);
      }
    }
    std::vector<int> order;
    for (int i = 0; i < count_; ++i) {
      s_.place[i] = steps_[i].place;
      if (steps_[i].storage == Storage::slot && stored(i)) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return born[a] < born[b]; });
    SlotPool pool;
    std::vector<int> living;
    for (int i : order) {
      std::erase_if(living, [&](int other) {
        if (dies[other] >= born[i]) return false;
        pool.give_back(size_key(steps_[other]), s_.place[other]);
        return true;
      });
      s_.place[i] = pool.take(size_key(steps_[i]));
      living.push_back(i);
    }
    s_.slot_count = pool.count();
  }
  bool stored(int i) const {
    return s_.role[i] == Role::whole || s_.role[i] == Role::folded || s_.kept[i];
  }

  const Plan& plan_;
  const std::vector<Step>& steps_;
  const int count_;
  Sweep s_;
  std::vector<bool> used_later_;
};

}  // namespace

Sweep make_sweep(const Plan& plan) { return Sweeper(plan).make(); }

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
