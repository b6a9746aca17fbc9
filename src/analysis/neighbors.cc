#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/names.h"
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

Array of_norm_1(const Array& rows) {
  const Array norm = sqrt(sum(square(rows), 1, true));
  return rows / where(norm > 0.0, norm, 1.0);
}

// (queries, samples), the largest is nearest; `data` has the samples as columns.
Array similarity(Metric metric, const Array& queries, const Array& data) {
  const Array products = matmul(queries, data);
  if (metric == Metric::dot) return products;
  const Array squares = sum(square(data), 0, true);
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

}  // namespace

std::string_view name(Metric metric) { return row_of(kMetrics, metric).name; }
Metric metric_from_name(std::string_view name) { return row_named(kMetrics, "metric", name).value; }

Neighbors neighbors(const Array& queries, Source& source, int64_t k, Metric metric) {
  check(queries, source, k);
  const int axis = source.sample_axis();
  const auto program = compile(
      [=](const std::vector<Array>& a) {
        const Array data = astype(axis == 0 ? a[0].T() : a[0], a[1].dtype());
        const Array all = similarity(metric, a[1], data);
        constexpr double kFarthest = -std::numeric_limits<double>::infinity();
        const TopK best = top_k(where(isnan(all), kFarthest, all), k, 1);
        return std::vector<Array>{best.values, best.indices};
      },
      {{axis, -1}});
  const Array asked = metric == Metric::cosine ? of_norm_1(queries) : queries;
  const auto best = program.stream(source, {asked});
  if (metric != Metric::l2) return {best[0], best[1]};
  const Array squares = sum(square(queries), 1, true) - best[0];
  return {sqrt(maximum(squares, 0.0)), best[1]};
}

}  // namespace lanewise
