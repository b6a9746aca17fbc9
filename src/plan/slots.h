// Memory that values take in turns: slots of a kind, taken up again when given back.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "plan/plan.h"

namespace lanewise::plan {

class SlotPool {
 public:
  using Key = std::vector<int64_t>;  // slots with equal keys have equal sizes

  int take(const Key& key) {
    std::vector<int>& free = free_[key];
    if (free.empty()) return count_++;
    const int slot = free.back();
    free.pop_back();
    return slot;
  }
  void give_back(const Key& key, int slot) { free_[key].push_back(slot); }
  int count() const { return count_; }

 private:
  std::map<Key, std::vector<int>> free_;
  int count_ = 0;
};

// Equal for steps whose results have equal sizes for every m.
SlotPool::Key size_key(const Step& step);

}  // namespace lanewise::plan
