#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "analysis/finite.h"
#include "lanewise/analysis.h"
#include "lanewise/error.h"
#include "lanewise/ops.h"
#include "lanewise/runtime.h"

namespace lanewise {
namespace {

constexpr int64_t kSeedSamples = 100;  // a cluster, to choose the first centres among

// Samples as rows, (m, features).
Array rows_of(const Array& x, int axis) { return axis == 0 ? x : x.T(); }

// Samples and centres from the mean of the centres, so that a mean which is large beside the spread
// takes no digits of the distances.
struct Moved {
  Moved(const Array& rows_there, const Array& centres_there)
      : origin(mean(centres_there, 0)),
        rows(rows_there - origin),
        centres(centres_there - origin) {}
  // Squared distances (m, clusters), but for the square of the sample, the same for all centres.
  Array distances() const { return sum(square(centres), 1) - matmul(rows, centres.T()) * 2.0; }

  Array origin, rows, centres;
};

class Uniform {
 public:
  explicit Uniform(uint32_t seed) : generator_(seed) {}
  double operator()() { return static_cast<double>(generator_() >> 11) * 0x1p-53; }
  int64_t below(int64_t count) {
    return static_cast<int64_t>((*this)() * static_cast<double>(count));
  }

 private:
  std::mt19937_64 generator_;
};

int64_t pulled_at_once(const Source& source) {
  constexpr int64_t kBytes = 16 << 20;
  const int64_t row =
      element_count(source.row_shapes()[0]) * static_cast<int64_t>(size_of(source.dtypes()[0]));
  return std::clamp<int64_t>(kBytes / std::max<int64_t>(row, 1), 16, 64 << 10);
}

// One of each run of samples of equal length: (drawn, features), float64.
Array draw(Source& source, int64_t wanted, Uniform& uniform) {
  const int64_t samples = *source.length(), step = std::max<int64_t>(samples / wanted, 1);
  const int64_t pulled = pulled_at_once(source);
  std::vector<Array> drawn;
  source.reset();
  int64_t next = uniform.below(step), run_of_next = 0;
  for (int64_t first = 0; first < samples; first += pulled) {
    const Array rows = rows_of(source.pull(pulled)[0], source.sample_axis());
    std::vector<int64_t> chosen;
    while (next < first + rows.shape(0)) {
      chosen.push_back(next - first);
      run_of_next += step;
      next =
          run_of_next + uniform.below(std::min(step, std::max<int64_t>(samples - run_of_next, 1)));
    }
    const auto count = static_cast<int64_t>(chosen.size());
    if (count == 0) continue;
    drawn.push_back(astype(take(rows, array(chosen, {count}), 0), DType::float64));
    drawn.back().eval();  // lets go of the others
  }
  return concatenate(drawn, 0);
}

// Squared distances of all rows to row `i`.
std::vector<double> distances_to(const Array& rows, int64_t i) {
  return sum(square(rows - rows[i]), 1).to_vector<double>();
}

int64_t draw_in_proportion(const std::vector<double>& weights, double share) {
  double left = share * std::accumulate(weights.begin(), weights.end(), 0.0);
  std::size_t at = 0;
  while (at + 1 < weights.size() && (left -= weights[at]) >= 0) ++at;
  return static_cast<int64_t>(at);
}

// k-means++: each centre is drawn with a probability in proportion to the squared distance to the
// nearest one before it; of a few drawn so, the one that leaves the least distance.
Array choose_centres(const Array& rows, const ClusterOptions& options, Uniform& uniform) {
  const int64_t clusters = options.clusters;
  std::vector<int64_t> chosen = {uniform.below(rows.shape(0))};
  std::vector<double> nearest = distances_to(rows, chosen[0]);
  const int trials = 2 + static_cast<int>(std::log(static_cast<double>(clusters)));
  while (static_cast<int64_t>(chosen.size()) < clusters) {
    if (options.before_centre) options.before_centre();
    double least = std::numeric_limits<double>::infinity();
    std::vector<double> best;
    chosen.push_back(0);
    for (int trial = 0; trial < trials; ++trial) {
      const int64_t candidate = draw_in_proportion(nearest, uniform());
      std::vector<double> left = distances_to(rows, candidate);
      for (std::size_t i = 0; i < left.size(); ++i) left[i] = std::min(left[i], nearest[i]);
      const double sum = std::accumulate(left.begin(), left.end(), 0.0);
      if (trial > 0 && sum >= least) continue;  // all are infinite where they overflow
      least = sum;
      best = std::move(left);
      chosen.back() = candidate;
    }
    nearest = std::move(best);
  }
  return take(rows, array(chosen, {clusters}), 0);
}

DType float_of(DType dtype) { return is_float(dtype) ? dtype : DType::float64; }

// Where a sum over the samples isn't finite: says which value is to blame.
[[noreturn]] void fail_not_finite(Source& source) {
  const NotFinite found = find_not_finite(source);
  const auto counts = found.counts.to_vector<int64_t>(), first = found.first.to_vector<int64_t>();
  std::size_t blamed = counts.size();
  for (std::size_t k = 0; k < counts.size(); ++k)
    if (counts[k] > 0 && (blamed == counts.size() || first[k] < first[blamed])) blamed = k;
  if (blamed == counts.size())
    throw DataError(
        fmt::format("k_means: values are so large that their distances overflow {}; divide them",
                    name(float_of(source.dtypes()[0]))));
  throw DataError(
      fmt::format("k_means: {} of sample {} is NaN or infinite, the first of {} such values; drop "
                  "such samples, or replace the values",
                  feature_name(found.counts, static_cast<int64_t>(blamed)), first[blamed],
                  std::accumulate(counts.begin(), counts.end(), int64_t{0})));
}

void check(const Source& source, const ClusterOptions& options) {
  const Shape row = source.row_shapes()[0];
  if (row.rank() != 1)
    throw ShapeError(
        fmt::format("k_means: samples of shape {}, expected one axis of features", to_string(row)),
        {"k_means", {row}, -1, 0, 0, "reshape the samples to rows of features"});
  const int64_t samples = source.length().value_or(0);
  if (options.clusters < 1 || options.clusters > samples)
    throw ValueError(fmt::format("k_means: {} clusters, expected 1 … {}, the number of samples",
                                 options.clusters, samples));
  if (options.iterations < 1)
    throw ValueError(fmt::format("k_means: {} iterations, expected 1 or more", options.iterations));
}

void check(const Array& centres, const Source& source) {
  const Shape row = source.row_shapes()[0];
  if (centres.rank() != 2 || row.rank() != 1 || centres.shape(1) != row[0])
    throw ShapeError(
        fmt::format("nearest_centres: centres {} and samples of shape {} have different features",
                    to_string(centres.shape()), to_string(row)),
        {"nearest_centres",
         {centres.shape(), row},
         1,
         0,
         0,
         "centres are rows with the features of the samples"});
}

}  // namespace

Clusters k_means(Source& source, const ClusterOptions& options) {
  check(source, options);
  const int axis = source.sample_axis();
  const DType dtype = float_of(source.dtypes()[0]);
  Uniform uniform(options.seed);
  const Array drawn = draw(source, kSeedSamples * options.clusters, uniform);
  if (!std::isfinite(sum(drawn).item())) fail_not_finite(source);
  const Array centres = astype(choose_centres(drawn, options, uniform), dtype);

  // Of all samples at once: each belongs to its nearest centre; the means of those that do.
  const auto iterate = compile(
      [=](const std::vector<Array>& a) {
        const Moved moved(astype(rows_of(a[0], axis), dtype), a[1]);
        const Array far = moved.distances();
        const Array numbers = arange(0, static_cast<double>(options.clusters));
        const Array nearest = argmin(far, 1, true);
        const Array member = astype(equal(nearest, numbers), dtype);
        const Array sizes = sum(equal(nearest, numbers), 0);
        const Array sums = matmul(member.T(), moved.rows);
        const Array count = astype(expand_dims(sizes, 1), dtype);
        const Array means = where(count > 0.0, sums / maximum(count, 1.0) + moved.origin, a[1]);
        const Array inertia = sum(maximum(min(far, 1) + sum(square(moved.rows), 1), 0.0));
        return std::vector<Array>{means, sizes, inertia};
      },
      {{axis, -1}});
  Clusters found{centres, {}, HUGE_VAL, 0};
  for (bool go_on = true; go_on && found.iterations < options.iterations;) {
    const auto next = iterate.stream(source, {found.centres});
    const double before = found.inertia, now = next[2].item();
    if (!std::isfinite(now)) fail_not_finite(source);
    found = {next[0], next[1], now, found.iterations + 1};
    go_on = before - now > options.tolerance * now;
    if (options.on_iteration) go_on = options.on_iteration(found.iterations, now) && go_on;
  }
  const auto last = iterate.stream(source, {found.centres});  // what belongs to these centres
  found.sizes = last[1];
  found.inertia = last[2].item();
  return found;
}

void nearest_centres(const Array& centres, Source& source, Sink& sink) {
  check(centres, source);
  const int axis = source.sample_axis();
  const auto program = compile(
      [axis](const std::vector<Array>& a) {
        const Moved moved(astype(rows_of(a[0], axis), a[1].dtype()), a[1]);
        return std::vector<Array>{argmin(moved.distances(), 1)};
      },
      {{axis, -1}});
  Sink* const to = &sink;
  program.stream(source, {astype(centres, float_of(centres.dtype()))}, {&to, 1});
}

}  // namespace lanewise
