#include "plan/placement.h"

#include <algorithm>

#include "plan/cost.h"
#include "plan/slots.h"

namespace lanewise::plan {
namespace {

// Buffers of a tile, taken up again when their last reader is done.
class Buffers {
 public:
  Buffers(const Plan& plan, const Sweep& sweep)
      : plan_(plan), steps_(plan.steps), count_(static_cast<int>(steps_.size())), s_(sweep) {}

  void assign(Stage& stage) {
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
        for (int operand : steps_[i].operands) {
          const int from = number[operand];
          if (from < 0 || last_use[from] != at || !replaces(i, operand)) continue;
          pool.give_back({bytes}, stage.buffers[from]);
          std::erase(ending[at], from);
          break;
        }
        stage.buffers[at] = pool.take({bytes});
        stage.buffer_bytes.resize(pool.count());
        stage.buffer_bytes[stage.buffers[at]] = bytes;
        ending[last_use[at]].push_back(at);
      }
      for (int done : ending[at])
        pool.give_back({stage.buffer_bytes[stage.buffers[done]]}, stage.buffers[done]);
    }
  }

 private:
  // Whether step i may write its elements over those of an operand that nobody reads after it.
  bool replaces(int i, int operand) const {
    for (int other : steps_[i].operands)
      if (is_view(other) && plan_.under(other) == operand) return false;  // in another order
    return graph::is_elementwise(steps_[i].op) && s_.role[operand] == Role::swept &&
           !is_view(operand) && steps_[operand].dtype == steps_[i].dtype &&
           steps_[operand].shape == steps_[i].shape;
  }
  bool is_view(int i) const { return steps_[i].is_view; }

  const Plan& plan_;
  const std::vector<Step>& steps_;
  const int count_;
  const Sweep& s_;
};

class Placer {
 public:
  Placer(const Plan& plan, Sweep& sweep)
      : steps_(plan.steps), count_(static_cast<int>(steps_.size())), s_(sweep) {}

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

 private:
  bool is_view(int i) const { return steps_[i].is_view; }
  bool stored(int i) const {
    return s_.role[i] == Role::whole || s_.role[i] == Role::folded || s_.kept[i];
  }

  const std::vector<Step>& steps_;
  const int count_;
  Sweep& s_;
};

}  // namespace

void assign_buffers(const Plan& plan, const Sweep& sweep, Stage& stage) {
  Buffers(plan, sweep).assign(stage);
}

void assign_places(const Plan& plan, Sweep& sweep) { Placer(plan, sweep).place(); }

}  // namespace lanewise::plan
