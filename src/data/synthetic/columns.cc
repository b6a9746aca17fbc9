#include "data/synthetic/columns.h"

#include <algorithm>
#include <limits>

#include "kernels/kernels.h"

namespace lanewise::synthetic {
namespace {

// Streams of a key: the values of column j, which of them are missing, the target.
constexpr uint32_t kMissing = 0x40000000u, kTarget = 0x80000000u;

void apply(kernels::Unary function, float* x) {
  const View run{reinterpret_cast<std::byte*>(x), DType::float32, {kBlock}, {1}};
  kernels::fast_family().unary(function, run, run);
}

// z, and x that follows from it.
void draw(const ColumnRecipe& column, uint64_t seed, uint32_t stream, int64_t block, float* z,
          float* x) {
  const float location = column.location, scale = column.scale;
  switch (column.distribution) {
    case Distribution::normal:
    case Distribution::log_normal:
      kernels::fast::normal_run(seed, stream, block, z);
      for (int64_t i = 0; i < kBlock; ++i) x[i] = location + scale * z[i];
      if (column.distribution == Distribution::log_normal) apply(kernels::Unary::exp, x);
      break;
    case Distribution::flag:
      kernels::fast::uniform_run(seed, stream, block, x);
      for (int64_t i = 0; i < kBlock; ++i) x[i] = x[i] < location, z[i] = x[i] - location;
      break;
    case Distribution::constant: std::fill_n(x, kBlock, location); std::fill_n(z, kBlock, 0.0f);
  }
}

void lose(float share, uint64_t seed, uint32_t stream, int64_t block, float* z, float* x) {
  if (share == 0) return;
  float draws[kBlock];
  kernels::fast::uniform_run(seed, kMissing + stream, block, draws);
  for (int64_t i = 0; i < kBlock; ++i) {
    const bool lost = draws[i] < share;
    x[i] = lost ? std::numeric_limits<float>::quiet_NaN() : x[i];
    z[i] = lost ? 0.0f : z[i];
  }
}

void add_effect(const ColumnRecipe& column, const float* z, const float* before, float* logits) {
  const auto add = [&](auto effect) {
    for (int64_t i = 0; i < kBlock; ++i) logits[i] += column.weight * effect(i);
  };
  switch (column.effect) {
    case Effect::none: return;
    case Effect::linear: return add([&](int64_t i) { return z[i]; });
    case Effect::bent: return add([&](int64_t i) { return z[i] > 0 ? z[i] : 0.0f; });
    case Effect::hump: return add([&](int64_t i) { return z[i] * z[i] - 1; });
    case Effect::together: return add([&](int64_t i) { return z[i] * before[i]; });
  }
}

void draw_target(uint64_t seed, int64_t block, const float* logits, float* target) {
  float chances[kBlock];
  std::copy_n(logits, kBlock, chances);
  apply(kernels::Unary::sigmoid, chances);
  kernels::fast::uniform_run(seed, kTarget, block, target);
  for (int64_t i = 0; i < kBlock; ++i) target[i] = target[i] < chances[i];
}

}  // namespace

Recipe table_of(std::vector<ColumnRecipe> columns, const std::string& target, float bias,
                uint64_t seed) {
  Recipe recipe{{}, true, true, {}};
  for (const ColumnRecipe& column : columns) recipe.columns.push_back(column.name);
  recipe.columns.push_back(target);
  recipe.make = [columns, bias, seed](int64_t block, float* out, float* logits) {
    float memory[2][kBlock] = {};
    float *z = memory[0], *before = memory[1];
    std::fill_n(logits, kBlock, bias);
    for (uint32_t j = 0; j < columns.size(); ++j, out += kBlock) {
      draw(columns[j], seed, j, block, z, out);
      lose(columns[j].missing, seed, j, block, z, out);
      add_effect(columns[j], z, before, logits);
      std::swap(z, before);
    }
    draw_target(seed, block, logits, out);
  };
  return recipe;
}

}  // namespace lanewise::synthetic
