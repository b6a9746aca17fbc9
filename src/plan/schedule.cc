#include "plan/schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "lanewise/error.h"

namespace lanewise::plan {
namespace {

class Scheduler {
 public:
  Scheduler(const Plan& plan, const Sweep& sweep, std::vector<int>& order)
      : steps_(plan.steps), s_(sweep), order_(order), position_(steps_.size(), -1) {
    number(0, size());
  }

  void run() {
    for (int at = size() - 1; at >= 0; --at) delay(at);
    for (int at = 0; at < size(); ++at)
      if (s_.role[order_[at]] == Role::folded) advance(at);
    check();
  }

 private:
  int size() const { return static_cast<int>(order_.size()); }
  const Step& step(int at) const { return steps_[order_[at]]; }

  bool reads(int at, int i) const {
    const std::vector<int>& operands = step(at).operands;
    return std::find(operands.begin(), operands.end(), i) != operands.end();
  }

  bool is_elementwise(int at) const { return graph::is_elementwise(step(at).op); }

  // To before its first reader, unless an operand would have to be held for it.
  void delay(int at) {
    if (!is_elementwise(at)) return;
    int reader = at + 1;
    while (reader < size() && !reads(reader, order_[at])) ++reader;
    if (reader == size()) return;
    const auto& operands = step(at).operands;
    const bool holds = std::any_of(operands.begin(), operands.end(), [&](int operand) {
      return position_[operand] >= 0 && !is_read_from(reader, operand);
    });
    if (!holds) move(at, reader - 1);
  }
  bool is_read_from(int begin, int i) const {
    for (int at = begin; at < size(); ++at)
      if (reads(at, i)) return true;
    return false;
  }

  // To behind its operands, but not in between elementwise steps that may become a chain.
  void advance(int at) {
    // All views first: what they pass moves on.
    for (int operand : step(at).operands) bring_forward(operand);
    int to = 0;
    for (int operand : step(at).operands) to = std::max(to, 1 + position_[operand]);
    while (to < at && to > 0 && continues(to)) ++to;
    move(at, to);
  }
  // A view, to right behind what it shows.
  void bring_forward(int i) {
    if (!steps_[i].is_view || position_[i] < 0) return;
    const int shown = steps_[i].operands[0];
    bring_forward(shown);
    move(position_[i], 1 + position_[shown]);
  }
  bool continues(int at) const {
    return is_elementwise(at) && is_elementwise(at - 1) && step(at).shape == step(at - 1).shape;
  }

  // What a wrong order gives looks like a result.
  void check() const {
    for (int at = 0; at < size(); ++at)
      for (int operand : step(at).operands)
        if (position_[operand] > at)
          throw InternalError(
              fmt::format("step %{} was put before its operand %{}", order_[at], operand));
  }

  void move(int from, int to) {
    const auto begin = order_.begin();
    if (from < to) std::rotate(begin + from, begin + from + 1, begin + to + 1);
    else std::rotate(begin + to, begin + from, begin + from + 1);
    number(std::min(from, to), std::max(from, to) + 1);
  }
  void number(int begin, int end) {
    for (int at = begin; at < end; ++at) position_[order_[at]] = at;
  }

  const std::vector<Step>& steps_;
  const Sweep& s_;
  std::vector<int>& order_;
  std::vector<int> position_;  // of each step in order_; -1: none
};

}  // namespace

void schedule(const Plan& plan, const Sweep& sweep, Stage& stage) {
  Scheduler(plan, sweep, stage.steps).run();
}

}  // namespace lanewise::plan
