// Synthetic data: seeded samples of any number, of known kinds, from a stream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/streams.h"

namespace lanewise {

enum class SyntheticKind : uint8_t {
  circles,     // two noisy concentric circles: x1, x2, label
  users,       // 50 features of users as tables have them, with missing values, and churned
  clicks,      // 100 numbers, and clicked, which is rare (about 3 %)
  embeddings,  // vectors in clusters; no target
};
std::string_view name(SyntheticKind kind);
SyntheticKind synthetic_kind_from_name(
    std::string_view name);  // Errors: ValueError naming the known ones
std::vector<std::string> synthetic_kinds();

struct SyntheticOptions {
  int64_t samples = 0;
  int64_t first = 0;  // the number of the first sample: others of the same distribution
  uint64_t seed = 0;
  double noise = 0.1;        // circles: standard deviation beside the circle
  double inner = 0.5;        // circles: radius of the inner one; the outer one has 1
  int64_t dimensions = 128;  // embeddings
  int64_t clusters = 1000;   // embeddings: their centres are normal, of standard deviation 1
  double spread = 0.3;       // embeddings: standard deviation around a centre
  void validate() const;     // Errors: ValueError naming the field
};

// Sample i depends on kind, options and i alone: not on threads, machine, or how many are pulled
// at a time. A pull gives one float32 array (count, columns), the target its last column.
class SyntheticSource : public Source {
 public:
  virtual std::vector<std::string> columns() const = 0;
  virtual bool has_target() const = 0;
  // Of the samples pulled since the last reset() or seek(): the area under the ROC curve of the
  // probability by which each target was drawn, which is a function of the features as they are
  // given. No model can expect a larger one.  Empty where the probability is not known.
  virtual std::optional<double> best_auc() const = 0;
};
std::unique_ptr<SyntheticSource> synthetic_source(SyntheticKind kind,
                                                  const SyntheticOptions& options);

}  // namespace lanewise
