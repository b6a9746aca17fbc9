#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "analysis/finite.h"
#include "base/names.h"
#include "base/tensor.h"
#include "lanewise/analysis.h"
#include "lanewise/error.h"
#include "lanewise/ops.h"
#include "lanewise/runtime.h"

namespace lanewise {
namespace {

struct MetricRow {
  Metric value;
  std::string_view name;
};
constexpr MetricRow kMetrics[] = {
    {Metric::cosine, "cosine"}, {Metric::dot, "dot"}, {Metric::l2, "l2"}};

constexpr double kFarthest = -std::numeric_limits<double>::infinity();

Array of_norm_1(const Array& queries) {
  const Array large = max(abs(queries), 1, true);
  const Array rows = queries / where(large > 0.0, large, 1.0);
  const Array norm = sqrt(sum(square(rows), 1, true));
  return rows / where(norm > 0.0, norm, 1.0);
}

// (queries, samples), the largest is nearest; `data` has the samples as columns.
Array similarity(Metric metric, const Array& queries, const Array& data, const Array& squares) {
  const Array products = matmul(queries, data);
  if (metric == Metric::dot) return products;
  if (metric == Metric::l2) return products * 2.0 - squares;  // |q|² is the same for all
  const Array norms = sqrt(squares);
  return products / where(norms > 0.0, norms, 1.0);
}

void check(const Array& queries, const Source& source, int64_t k) {
  const Shape row = source.row_shapes()[0];
  if (queries.rank() != 2 || row.rank() != 1 || queries.shape(1) != row[0])
    throw ShapeError(
        fmt::format("neighbors: queries {} and samples of shape {} have different features",
                    to_string(queries.shape()), to_string(row)),
        {"neighbors",
         {queries.shape(), row},
         1,
         0,
         0,
         "queries are rows with the features of the samples"});
  if (!is_float(queries.dtype()))
    throw DTypeError(fmt::format("neighbors: queries are {}, expected float32 or float64",
                                 name(queries.dtype())));
  const Array wrong = any(isnan(queries), 1);
  if (any(wrong).item() != 0)
    throw DataError(fmt::format("neighbors: query {} holds a NaN, which is near to nothing",
                                argmax(wrong).item<int64_t>()));
  const int64_t samples = source.length().value_or(0);
  if (k < 1 || k > samples)
    throw ValueError(
        fmt::format("neighbors: k = {}, expected 1 … {}, the number of samples", k, samples));
}

// A sample that may be one of the nearest, and its score; the largest is nearest.
struct Candidate {
  int64_t sample;
  double score;
};

// What products in one dtype find: more samples than asked for, since rounding may have them in
// another order.
struct Found {
  std::vector<int64_t> samples;  // (queries, count), the nearest first
  std::vector<double> last;      // of each query: the score of the last one, as they have it
  std::vector<double> norms;     // of the queries, as they were multiplied
  double extreme;                // of the samples, as extreme() has it
};

// The largest squared norm of a sample; of cosine, whose norms may be too small as well, also one
// over the smallest.
Array extreme(Metric metric, const Array& squares) {
  if (metric == Metric::l2) return zeros({});  // what matters is how far the nearest are
  const Array size = metric == Metric::dot ? squares : maximum(squares, 1.0 / squares);
  return max(where(isnan(size), 1.0, size));
}

// Queries that meet the samples in `dtype`. careful: distances are those from the mean of the
// queries, so that one which is large beside the spread takes no digits; samples are scaled for
// cosine.
Found find(const Array& queries, Source& source, int64_t count, Metric metric, DType dtype,
           bool careful) {
  const int axis = source.sample_axis();
  const auto program = compile(
      [=](const std::vector<Array>& a) {
        Array data = astype(axis == 0 ? a[0].T() : a[0], dtype);
        if (metric == Metric::l2 && careful) data = data - a[2];
        if (metric == Metric::cosine && careful) {
          const Array large = max(abs(data), 0, true);
          data = data / where(large > 0.0, large, 1.0);
        }
        const Array squares = sum(square(data), 0, true);
        const Array all = similarity(metric, a[1], data, squares);
        const TopK best = top_k(where(isnan(all), kFarthest, all), count, 1);
        return std::vector<Array>{best.values, best.indices, extreme(metric, squares)};
      },
      {{axis, -1, -1}});
  const Array mean_query = mean(queries, 0, true);
  const Array centre = astype(where(finite(mean_query), mean_query, 0.0), dtype);
  Array asked = astype(queries, dtype);
  if (metric == Metric::l2 && careful) asked = asked - centre;
  if (metric == Metric::cosine) asked = astype(of_norm_1(queries), dtype);
  const auto best = program.stream(source, {asked, centre.T()});
  const Array squares = sum(square(astype(asked, DType::float64)), 1);
  return {best[1].to_vector<int64_t>(), best[0][{slice(), -1}].to_vector<double>(),
          sqrt(squares).to_vector<double>(), best[2].item()};
}

// Of a row as it was read, in float64.
double score_of(Metric metric, std::span<const double> query, std::span<const double> row) {
  double large = 0, sum = 0, squares = 0;
  if (metric == Metric::cosine)
    for (double x : row) large = std::max(large, std::abs(x));
  const double scale = large > 0 ? large : 1;
  for (std::size_t f = 0; f < row.size(); ++f) {
    const double q = query[f], x = row[f] / scale;
    sum += metric == Metric::l2 ? -(q - x) * (q - x) : q * x;
    squares += x * x;
  }
  if (metric == Metric::cosine && squares > 0) sum /= std::sqrt(squares);
  return std::isnan(sum) ? kFarthest : sum;
}

// The rows of some samples of a source, asked for in ascending order.
class Rows {
 public:
  Rows(Source& source, int64_t wanted)
      : source_(source),
        axis_(source.sample_axis()),
        row_(static_cast<std::size_t>(source.row_shapes()[0][0])),
        seeks_(source.seekable() && wanted < *source.length() / kApart) {
    const auto width = row_.size() * size_of(source.dtypes()[0]);
    count_ = seeks_ ? 1 : std::max<int64_t>(kPullBytes / static_cast<int64_t>(width + 1), 1);
    source_.reset();
  }
  std::span<const double> operator[](int64_t sample) {
    while (sample >= end_) pull(sample);
    if (sample != at_) copy(at_ = sample);
    return row_;
  }

 private:
  static constexpr int64_t kApart = 1024;  // a read of its own for one of so many samples
  static constexpr int64_t kPullBytes = 16 << 20;

  void pull(int64_t sample) {
    if (seeks_) source_.seek(end_ = sample);
    first_ = end_;
    run_ = source_.pull(count_)[0].tensor();
    end_ += run_.shape[axis_];
    if (end_ == first_)
      throw DataError(fmt::format("neighbors: the source ends before sample {}", sample));
  }
  void copy(int64_t sample) {
    with_type(run_.dtype, [&]<class T>(std::type_identity<T>) {
      const T* from = run_.as<T>() + (sample - first_) * run_.strides[axis_];
      const int64_t step = run_.strides[1 - axis_];
      for (std::size_t f = 0; f < row_.size(); ++f)
        row_[f] = static_cast<double>(from[static_cast<int64_t>(f) * step]);
    });
  }

  Source& source_;
  const int axis_;
  std::vector<double> row_;
  const bool seeks_;
  int64_t count_ = 1, first_ = 0, end_ = 0, at_ = -1;
  Tensor run_;
};

struct Range {
  double eps, tiny, most;  // `most`: with room for a sum of a few
};
Range range_of(DType dtype) {
  if (dtype == DType::float32) return {0x1p-23, 0x1p-126, 0x1p125};
  return {0x1p-52, 0x1p-1022, 0x1p1021};
}

class Search {
 public:
  Search(const Array& queries, Source& source, int64_t k, Metric metric)
      : queries_(astype(queries, DType::float64)),
        source_(source),
        k_(k),
        count_(std::min(k + k / 4 + 6, *source.length())),
        features_(queries.shape(1)),
        metric_(metric),
        dtype_(promote(queries.dtype(), source.dtypes()[0])),
        nearest_(static_cast<std::size_t>(queries.shape(0))) {}

  Neighbors run() {
    std::vector<int64_t> all(nearest_.size());
    std::iota(all.begin(), all.end(), 0);
    const std::vector<int64_t> unsure = look(all, dtype_, false);
    if (!unsure.empty() && !look(unsure, DType::float64, true).empty()) refuse_overflow();
    return result();
  }

 private:
  // The nearest of some queries; those of which rounding in `dtype` may have hidden one, careful:
  // of which the range of `dtype` may have.
  std::vector<int64_t> look(const std::vector<int64_t>& numbers, DType dtype, bool careful) {
    const Array queries = take(queries_, array(numbers, {static_cast<int64_t>(numbers.size())}), 0);
    const Found found = find(queries, source_, count_, metric_, dtype, careful);
    score(queries, numbers, found.samples);
    std::vector<int64_t> unsure;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double kth = nearest_[static_cast<std::size_t>(numbers[i])].back().score;
      const bool sure = careful ? in_range(found, i, kth, dtype) : is_sure(found, i, kth, dtype);
      if (!sure) unsure.push_back(numbers[i]);
    }
    return unsure;
  }

  // The scores of the samples found, in order.
  void score(const Array& queries, const std::vector<int64_t>& numbers,
             const std::vector<int64_t>& samples) {
    const Array asked = metric_ == Metric::cosine ? of_norm_1(queries) : queries;
    const auto values = asked.to_vector<double>();
    const auto width = static_cast<std::size_t>(features_),
               count = static_cast<std::size_t>(count_);
    std::vector<std::size_t> places(samples.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    std::sort(places.begin(), places.end(),
              [&](std::size_t a, std::size_t b) { return samples[a] < samples[b]; });
    std::vector<Candidate> scored(samples.size());
    Rows rows(source_, static_cast<int64_t>(samples.size()));
    for (std::size_t place : places) {
      const std::span query(values.data() + place / count * width, width);
      scored[place] = {samples[place], score_of(metric_, query, rows[samples[place]])};
    }
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto begin = scored.begin() + static_cast<int64_t>(i) * count_;
      std::sort(begin, begin + count_, [](const Candidate& a, const Candidate& b) {
        return a.score != b.score ? a.score > b.score : a.sample < b.sample;
      });
      nearest_[static_cast<std::size_t>(numbers[i])].assign(begin, begin + k_);
    }
  }

  // Whether no other sample can be among the nearest: the last candidate was farther by more than
  // rounding (errors of products add up as random ones do) and nothing left the range of `dtype`.
  bool is_sure(const Found& found, std::size_t i, double kth, DType dtype) const {
    if (!in_range(found, i, kth, dtype)) return false;
    if (count_ == *source_.length()) return true;
    const Range range = range_of(dtype);
    const auto features = static_cast<double>(features_);
    if (metric_ == Metric::cosine && !(found.extreme < range.eps / (features * range.tiny)))
      return false;
    const double same = metric_ == Metric::l2 ? found.norms[i] * found.norms[i] : 0;
    return kth - (found.last[i] - same) >
           12 * std::sqrt(features) * range.eps * size_of(found, i, kth) +
               4 * features * range.tiny;
  }

  bool in_range(const Found& found, std::size_t i, double kth, DType dtype) const {
    return size_of(found, i, kth) < range_of(dtype).most;
  }

  // What the products of query `i` with samples that may be among the nearest are at most.
  double size_of(const Found& found, std::size_t i, double kth) const {
    if (metric_ == Metric::cosine) return 1;
    if (metric_ == Metric::dot) return found.norms[i] * std::sqrt(found.extreme);
    return std::pow(found.norms[i] + std::sqrt(-kth), 2);
  }

  // Unless infinite values are to blame, which are infinitely far.
  void refuse_overflow() const {
    const bool infinite = all(finite(queries_)).item() == 0;
    if (infinite || sum(find_not_finite(source_).counts).item() > 0) return;
    throw DataError(
        "neighbors: values are so large that their products overflow float64; divide them");
  }

  void check_score(double score) const {
    if (dtype_ == DType::float64 || !std::isfinite(score)) return;
    if (std::abs(score) > std::numeric_limits<float>::max())
      throw DataError(
          fmt::format("neighbors: a score, {}, overflows float32; give the queries as float64, or "
                      "divide the values",
                      score));
  }

  Neighbors result() const {
    std::vector<double> scores;
    std::vector<int64_t> samples;
    for (const std::vector<Candidate>& nearest : nearest_)
      for (const Candidate& c : nearest) {
        scores.push_back(metric_ == Metric::l2 ? std::sqrt(std::abs(c.score)) : c.score);
        check_score(scores.back());
        samples.push_back(c.sample);
      }
    const Shape shape = {static_cast<int64_t>(nearest_.size()), k_};
    return {astype(array(scores, shape), dtype_), array(samples, shape)};
  }

  const Array queries_;  // float64
  Source& source_;
  const int64_t k_, count_, features_;  // count_: candidates
  const Metric metric_;
  const DType dtype_;
  std::vector<std::vector<Candidate>> nearest_;  // of each query
};

}  // namespace

std::string_view name(Metric metric) { return row_of(kMetrics, metric).name; }
Metric metric_from_name(std::string_view name) { return row_named(kMetrics, "metric", name).value; }

Neighbors neighbors(const Array& queries, Source& source, int64_t k, Metric metric) {
  check(queries, source, k);
  return Search(queries, source, k, metric).run();
}

}  // namespace lanewise
