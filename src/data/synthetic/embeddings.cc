#include <fmt/format.h>

#include <algorithm>

#include "data/synthetic/recipe.h"

namespace lanewise::synthetic {
namespace {

// Streams of a key: the cluster of a sample, the noise of each dimension, the centres.
constexpr uint32_t kCluster = 0, kNoise = 1, kCentres = 0x80000000u;

// (d, clusters)
std::vector<float> centres(uint64_t seed, int64_t dimensions, int64_t clusters) {
  std::vector<float> all(static_cast<std::size_t>(dimensions * clusters));
  float run[kBlock];
  for (int64_t j = 0; j < dimensions; ++j)
    for (int64_t first = 0; first < clusters; first += kBlock) {
      kernels::fast::normal_run(seed, kCentres + static_cast<uint32_t>(j), first / kBlock, run);
      std::copy_n(run, std::min(kBlock, clusters - first), all.begin() + j * clusters + first);
    }
  return all;
}

}  // namespace

Recipe embeddings(const SyntheticOptions& o) {
  Recipe recipe;
  for (int64_t j = 1; j <= o.dimensions; ++j) recipe.columns.push_back(fmt::format("e{}", j));
  recipe.make = [o, all = centres(o.seed, o.dimensions, o.clusters)](int64_t block, float* columns,
                                                                     float*) {
    const auto spread = static_cast<float>(o.spread);
    float shares[kBlock];
    int32_t cluster[kBlock];
    kernels::fast::uniform_run(o.seed, kCluster, block, shares);
    for (int64_t i = 0; i < kBlock; ++i)
      cluster[i] =
          static_cast<int32_t>(static_cast<double>(shares[i]) * static_cast<double>(o.clusters));
    for (int64_t j = 0; j < o.dimensions; ++j) {
      float* x = columns + j * kBlock;
      const float* centre = all.data() + j * o.clusters;
      kernels::fast::normal_run(o.seed, kNoise + static_cast<uint32_t>(j), block, x);
      for (int64_t i = 0; i < kBlock; ++i) x[i] = centre[cluster[i]] + spread * x[i];
    }
  };
  return recipe;
}

}  // namespace lanewise::synthetic
