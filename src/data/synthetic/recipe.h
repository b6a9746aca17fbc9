// What a kind of synthetic data is made by: blocks of samples, column by column.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/random/random.h"
#include "lanewise/synthetic.h"

namespace lanewise::synthetic {

inline constexpr int64_t kBlock = kernels::kRandomRun;

struct Recipe {
  std::vector<std::string> columns;  // the target last
  bool has_target = false;
  bool has_logits = false;  // the target is 1 with probability sigmoid(logit)
  // Block b, of samples kBlock·b …: columns (n, kBlock), logits (kBlock).
  std::function<void(int64_t block, float* columns, float* logits)> make;
};

Recipe circles(const SyntheticOptions& options);
Recipe users(const SyntheticOptions& options);
Recipe clicks(const SyntheticOptions& options);
Recipe embeddings(const SyntheticOptions& options);

}  // namespace lanewise::synthetic
