#include "plan/parts.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "plan/placement.h"
#include "plan/sample_axes.h"

namespace lanewise::plan {
namespace {

class Parts {
 public:
  Parts(const Plan& plan, const Sweep& sweep, int number)
      : steps_(plan.steps), sweep_(sweep), number_(number), stage_(sweep.stages[number]) {
    inside_.resize(steps_.size());
    for (int i : stage_.steps) inside_[i] = true;
  }

  std::vector<Stage> find() {
    for (int i : stage_.steps)
      if (is_result(i)) needs_.push_back({i, needed_by(i)});
    join_what_shares();
    std::map<int, std::vector<bool>> wanted;
    for (std::size_t r = 0; r < needs_.size(); ++r) {
      std::vector<bool>& part = wanted[root(static_cast<int>(r))];
      part.resize(steps_.size());
      for (int i : needs_[r].steps) part[i] = true;
    }
    std::vector<Stage> parts;
    for (const auto& [first, part] : wanted) {
      parts.emplace_back();
      for (int i : stage_.steps)
        if (part[i]) parts.back().steps.push_back(i);
    }
    return parts;
  }

 private:
  struct Need {
    int result;
    std::vector<int> steps;
  };

  bool is_result(int i) const {
    return sweep_.stage[i] == number_ && (sweep_.role[i] == Role::folded || sweep_.kept[i]);
  }
  // What only one part may compute: it is dear, or stored.
  bool is_owned(int i) const { return steps_[i].op == graph::Op::matmul || is_result(i); }

  std::vector<int> needed_by(int result) const {
    std::vector<int> found = {result};
    std::vector<bool> seen(steps_.size());
    seen[result] = true;
    for (std::size_t at = 0; at < found.size(); ++at) {
      const Step& s = steps_[found[at]];
      for (int k = 0; k < static_cast<int>(s.operands.size()); ++k) {
        const int operand = s.operands[k];
        if (!inside_[operand] || seen[operand] || !reads_values(s, k)) continue;
        seen[operand] = true;
        found.push_back(operand);
      }
    }
    return found;
  }

  // Results without a product are little work: they go with the first that has one.
  void join_what_shares() {
    parent_.resize(needs_.size());
    std::iota(parent_.begin(), parent_.end(), 0);
    std::vector<int> owner(steps_.size(), -1);
    int with_product = -1;
    std::vector<int> without;
    for (std::size_t r = 0; r < needs_.size(); ++r) {
      bool multiplies = false;
      for (int i : needs_[r].steps) {
        multiplies |= steps_[i].op == graph::Op::matmul;
        if (!is_owned(i)) continue;
        if (owner[i] >= 0) join(owner[i], static_cast<int>(r));
        owner[i] = static_cast<int>(r);
      }
      if (!multiplies) without.push_back(static_cast<int>(r));
      else if (with_product < 0) with_product = static_cast<int>(r);
    }
    for (int r : without) join(with_product < 0 ? without[0] : with_product, r);
  }
  int root(int r) const {
    while (parent_[r] != r) r = parent_[r];
    return r;
  }
  void join(int a, int b) { parent_[root(b)] = root(a); }

  const std::vector<Step>& steps_;
  const Sweep& sweep_;
  const int number_;
  const Stage& stage_;
  std::vector<bool> inside_;
  std::vector<Need> needs_;
  std::vector<int> parent_;  // of each result
};

}  // namespace

std::vector<Stage> parts_of(const Plan& plan, const Sweep& sweep, int number) {
  std::vector<Stage> parts = Parts(plan, sweep, number).find();
  if (parts.size() < 2) return {};
  for (Stage& part : parts) assign_buffers(plan, sweep, part);
  return parts;
}

}  // namespace lanewise::plan
