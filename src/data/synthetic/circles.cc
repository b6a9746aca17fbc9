#include "data/synthetic/recipe.h"
#include "kernels/random/normal.h"

namespace lanewise::synthetic {

Recipe circles(const SyntheticOptions& o) {
  const auto make = [seed = o.seed, noise = static_cast<float>(o.noise),
                     inner = static_cast<float>(o.inner)](int64_t block, float* columns, float*) {
    float *x1 = columns, *x2 = x1 + kBlock, *label = x2 + kBlock;
    float turns[kBlock];
    kernels::fast::normal_run(seed, 0, block, x1);
    kernels::fast::normal_run(seed, 1, block, x2);
    kernels::fast::uniform_run(seed, 2, block, turns);
    kernels::fast::uniform_run(seed, 3, block, label);
    for (int64_t i = 0; i < kBlock; ++i) {
      label[i] = label[i] < 0.5f;
      const float radius = label[i] ? inner : 1.0f;
      const kernels::Pair on_circle =
          kernels::direction(static_cast<uint32_t>(static_cast<int32_t>(turns[i] * 0x1p24f)) << 8);
      x1[i] = radius * on_circle.x + noise * x1[i];
      x2[i] = radius * on_circle.y + noise * x2[i];
    }
  };
  return {{"x1", "x2", "label"}, true, false, make};
}

}  // namespace lanewise::synthetic
