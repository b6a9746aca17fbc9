// Programs over samples of any number, in memory or not: scaling, quantiles, nearest neighbours,
// clusters. Each runs in passes over a Source (see CompiledFunction::stream), with the same bits
// for any number of threads and any size of chunks.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/array.h"
#include "lanewise/streams.h"

namespace lanewise {

// ---- scaling ----

enum class Scaling : uint8_t {
  standard,  // (x − mean) / standard deviation
  minmax,    // (x − minimum) / (maximum − minimum)
  robust,    // (x − median) / (third quartile − first quartile)
};
std::string_view name(Scaling scaling);
Scaling scaling_from_name(std::string_view name);  // Errors: ValueError naming the known ones

struct ScalerOptions {
  Scaling scaling = Scaling::standard;
  // Values that are NaN or infinite: left out of the moments, and passed on as they are; else an
  // error.
  bool ignore_not_finite = false;
};

// What is known of each feature of samples after reading them: the moments that scale them.
class Scaler {
 public:
  // One pass over the source (robust: four of float32, seven of float64, more beyond 1,300
  // features); one or two more where values that aren't finite are left out, and one where a mean
  // is so far from zero, against the deviation, that its dtype would round it away.
  // Errors: DataError naming the first feature that has a value that isn't finite, and the sample,
  // or none that is, or whose spread overflows its dtype.
  static Scaler fit(Source& source, const ScalerOptions& options = {});
  // A pass over the source: each sample scaled, in `dtype`, pushed to `sink`, which isn't closed.
  // Computed in the dtype of the samples, float64 for integers.
  // Errors: ShapeError where the samples have other features; ValueError unless dtype is a float.
  void apply(Source& source, Sink& sink, DType dtype = DType::float32) const;

  // Features that are passed on as they are from now on, such as a target; numbers from 0.
  // Errors: IndexError.
  void keep(std::span<const int64_t> features);

  ScalerOptions options() const { return options_; }
  int64_t samples() const { return samples_; }
  // Of the shape of one sample. float64; a scale is 1 where the feature is constant, so that it
  // becomes 0.
  const Array& centre() const { return centre_; }
  const Array& scale() const { return scale_; }
  const Array& left_out() const { return left_out_; }  // values that weren't finite, int64
  std::string to_json() const;
  static Scaler from_json(const std::string& json, const std::string& source);  // DataError

 private:
  ScalerOptions options_;
  int64_t samples_ = 0;
  Array centre_, scale_, left_out_;
};

// The quantiles q in [0, 1] of each feature, values that aren't finite left out: float64,
// (q.size(), …), the rest the shape of a sample. As numpy.nanquantile: between two values in
// proportion. Exact, without sorting: a pass for each 11 bits of a value counts where it falls; of
// fewer bits where there are so many features that the counts would take more than 128 MiB.
// Errors: ValueError for q outside [0, 1]; DataError for a feature without values.
Array quantiles(Source& source, std::span<const double> q);

// ---- neighbours ----

enum class Metric : uint8_t {
  cosine,  // product of the directions: 1 is nearest; 0 where one of the two is all zeros
  dot,     // product: the largest is nearest
  l2,      // Euclidean distance: the smallest is nearest
};
std::string_view name(Metric metric);
Metric metric_from_name(std::string_view name);  // Errors: ValueError naming the known ones

struct Neighbors {
  // (queries, k), the nearest first: of the dtype of the queries, or of the samples' if that has
  // more digits.
  Array scores;
  Array indices;  // (queries, k) int64: numbers of samples
};
// The k nearest samples of each query, all of them compared: one pass over the source finds some
// more than k, of which the scores are computed again in float64 from their rows. Queries of which
// rounding may have hidden a nearer sample (scores that hardly differ, a mean that is large beside
// the spread, values at the ends of the range) make one more pass, in float64. Of equals the lower
// number comes first. A sample with NaN comes after all without, as infinitely far.
//   queries: (queries, features), float32 or float64; the source has them as rows or columns.
// Errors: ShapeError where features differ; ValueError where k is not in 1 … samples; DataError for
// a query with NaN,
// or for values whose products overflow float64, or whose scores overflow float32 where that is
// their dtype.
Neighbors neighbors(const Array& queries, Source& source, int64_t k,
                    Metric metric = Metric::cosine);

// ---- clusters ----

struct ClusterOptions {
  int64_t clusters = 8;
  int iterations = 100;     // at most
  double tolerance = 1e-4;  // done when the inertia falls by less than this share
  uint32_t seed = 0;
  // After each iteration; returns whether to go on.
  std::function<bool(int iteration, double inertia)> on_iteration{};
  // Before each of the first centres is chosen, which reads nothing; what it throws ends the run.
  std::function<void()> before_centre{};
};
struct Clusters {
  Array centres;       // (clusters, features)
  Array sizes;         // (clusters,) int64: samples nearest to each
  double inertia = 0;  // sum of squared distances to the nearest centre
  int iterations = 0;
};
// k-means by Lloyd's iterations from centres that k-means++ chooses (Arthur and Vassilvitskii,
// 2007) among at most 100 samples a cluster, drawn evenly. A pass over the source for an iteration,
// and one for the sizes and the inertia of the last centres. A centre that loses all its samples
// stays where it is. Errors: ValueError where clusters is not in 1 … samples or iterations below 1;
// DataError naming the first value that isn't finite, or for values whose distances overflow.
Clusters k_means(Source& source, const ClusterOptions& options = {});
// The number of the nearest centre of each sample, int64 (count,), pushed to `sink`.
// Errors: ShapeError where features differ.
void nearest_centres(const Array& centres, Source& source, Sink& sink);

}  // namespace lanewise
