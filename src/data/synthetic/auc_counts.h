// The area under the ROC curve of any number of scored samples, in constant memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace lanewise::synthetic {

// Counts the samples of either label by score, in steps of 1/2048 from -16 to 16; scores within a
// step count as equal.
class AucCounts {
 public:
  void add(float score, bool positive) {
    const float step = std::clamp((score + 16.0f) * 2048.0f, 0.0f, kSteps - 1.0f);
    ++counts_[2 * static_cast<std::size_t>(step) + positive];
  }
  std::optional<double> auc() const {  // empty unless both labels occur
    double negatives = 0, positives = 0, won = 0;
    for (std::size_t i = 0; i < counts_.size(); i += 2) {
      const auto below = static_cast<double>(counts_[i]),
                 here = static_cast<double>(counts_[i + 1]);
      won += here * (negatives + below / 2);
      negatives += below;
      positives += here;
    }
    if (negatives == 0 || positives == 0) return {};
    return won / (negatives * positives);
  }
  void clear() { std::fill(counts_.begin(), counts_.end(), 0); }

 private:
  static constexpr int kSteps = 65536;
  std::vector<int64_t> counts_ = std::vector<int64_t>(2 * kSteps);
};

}  // namespace lanewise::synthetic
