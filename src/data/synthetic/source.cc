// Blocks of a recipe as a source of samples.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/names.h"
#include "base/tensor.h"
#include "base/thread_pool.h"
#include "data/synthetic/auc_counts.h"
#include "data/synthetic/recipe.h"
#include "kernels/kernels.h"
#include "lanewise/error.h"

namespace lanewise {
namespace synthetic {
namespace {

struct Row {
  SyntheticKind value;
  std::string_view name;
  Recipe (*recipe)(const SyntheticOptions& options);
};
constexpr Row kKinds[] = {
    {SyntheticKind::circles, "circles", circles},
    {SyntheticKind::users, "users", users},
    {SyntheticKind::clicks, "clicks", clicks},
    {SyntheticKind::embeddings, "embeddings", embeddings},
};

View view(float* data, const Shape& shape, const Strides& strides) {
  return {reinterpret_cast<std::byte*>(data), DType::float32, shape, strides};
}

// rows (count, n) of columns (n, kBlock), a line of cache of each row at a time.
void transpose(float* columns, int64_t n, int64_t count, float* rows) {
  for (int64_t left = 0; left < n; left += 16) {
    const Shape shape = {count, std::min<int64_t>(16, n - left)};
    kernels::fast_family().cast(view(columns + left * kBlock, shape, {1, kBlock}),
                                view(rows + left, shape, {n, 1}));
  }
}

class RecipeSource : public SyntheticSource {
 public:
  RecipeSource(Recipe recipe, int64_t first, int64_t samples)
      : recipe_(std::move(recipe)), first_(first), samples_(samples) {}

  std::vector<std::string> columns() const override { return recipe_.columns; }
  bool has_target() const override { return recipe_.has_target; }
  std::optional<double> best_auc() const override {
    return recipe_.has_logits ? auc_.auc() : std::nullopt;
  }
  std::vector<Shape> row_shapes() const override { return {{width()}}; }
  std::vector<DType> dtypes() const override { return {DType::float32}; }
  std::optional<int64_t> length() const override { return samples_; }
  bool seekable() const override { return true; }
  void reset() override { seek(0); }
  void seek(int64_t sample) override {
    if (sample < 0 || sample > samples_)
      throw IndexError(fmt::format("sample {} of {}", sample, samples_));
    at_ = sample;
    auc_.clear();
  }

  std::vector<Array> pull(int64_t count) override {
    count = std::clamp<int64_t>(count, 0, samples_ - at_);
    const Tensor rows = Tensor::empty(DType::float32, {count, width()});
    std::vector<float> logits(static_cast<std::size_t>(recipe_.has_logits ? count : 0));
    const int64_t begin = first_ + at_, end = begin + count, first_block = begin / kBlock;
    parallel_for((end + kBlock - 1) / kBlock - first_block, 1, [&](int64_t from, int64_t to) {
      std::vector<float> columns(static_cast<std::size_t>(width() * kBlock));
      float scores[kBlock];
      for (int64_t block = first_block + from; block < first_block + to; ++block) {
        recipe_.make(block, columns.data(), scores);
        const int64_t left = std::max(begin, block * kBlock), lead = left - block * kBlock;
        const int64_t taken = std::min(end, (block + 1) * kBlock) - left;
        transpose(columns.data() + lead, width(), taken,
                  rows.as<float>() + (left - begin) * width());
        if (recipe_.has_logits) std::copy_n(scores + lead, taken, logits.data() + left - begin);
      }
    });
    for (std::size_t i = 0; i < logits.size(); ++i)
      auc_.add(logits[i], rows.as<float>()[(static_cast<int64_t>(i) + 1) * width() - 1] != 0);
    at_ += count;
    return {from_tensor(rows)};
  }

 private:
  int64_t width() const { return static_cast<int64_t>(recipe_.columns.size()); }

  Recipe recipe_;
  int64_t first_, samples_, at_ = 0;
  AucCounts auc_;
};

}  // namespace
}  // namespace synthetic

using synthetic::kKinds;

std::string_view name(SyntheticKind kind) { return row_of(kKinds, kind).name; }

std::vector<std::string> synthetic_kinds() {
  std::vector<std::string> names;
  for (const synthetic::Row& row : kKinds) names.emplace_back(row.name);
  return names;
}

SyntheticKind synthetic_kind_from_name(std::string_view wanted) {
  return row_named(kKinds, "kind of synthetic data", wanted).value;
}

void SyntheticOptions::validate() const {
  const auto check = [](bool ok, std::string_view field, auto value, std::string_view expected) {
    if (!ok) throw ValueError(fmt::format("{} is {}, expected {}", field, value, expected));
  };
  constexpr int64_t kMost = 1'000'000'000'000'000;
  check(samples >= 1 && samples <= kMost, "samples", samples, "1 or more");
  check(first >= 0 && first <= kMost, "first", first, "0 or more");
  check(std::isfinite(noise) && noise >= 0, "noise", noise, "0 or more");
  check(inner > 0 && inner < 1, "inner", inner, "a radius between 0 and 1, that of the outer one");
  check(dimensions >= 1 && dimensions <= 65536, "dimensions", dimensions, "1 to 65536");
  check(clusters >= 1 && clusters <= 1'000'000, "clusters", clusters, "1 to 1000000");
  check(std::isfinite(spread) && spread >= 0, "spread", spread, "0 or more");
}

std::unique_ptr<SyntheticSource> synthetic_source(SyntheticKind kind,
                                                  const SyntheticOptions& options) {
  options.validate();
  return std::make_unique<synthetic::RecipeSource>(row_of(kKinds, kind).recipe(options),
                                                   options.first, options.samples);
}

}  // namespace lanewise
