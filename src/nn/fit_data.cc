#include "nn/fit_data.h"

#include <fmt/format.h>

#include "lanewise/ops.h"

namespace lanewise::nn {
namespace {

Array cast_once(const Array& a, DType dtype) { return a.dtype() == dtype ? a : astype(a, dtype); }

// A vector of one number a sample becomes a column (or a row).
Array beside_x(const Array& a, Layout layout) {
  if (a.rank() != 1) return a;
  return reshape(a, layout == Layout::rows ? Shape{-1, 1} : Shape{1, -1});
}

void check_x(const Sequential& network, const Array& x, std::string_view which) {
  const int features = 1 - sample_axis(network.layout());
  const Shape& shape = x.shape();
  if (shape.rank() != 2 || shape[features] != network.inputs())
    throw ShapeError(
        fmt::format("fit: {} x has shape {}; the network takes {} features along axis {}", which,
                    to_string(shape), network.inputs(), features),
        {"fit", {shape}, features, shape.rank() == 2 ? shape[features] : 0, network.inputs(), ""});
  if (shape[1 - features] == 0)
    throw ValueError(fmt::format("fit: the {} data have no rows", which));
}

void check_samples(const Array& x, const Array& a, int axis, std::string_view which,
                   std::string_view what) {
  if (a.rank() == 2 && a.shape(axis) == x.shape(axis)) return;
  throw ShapeError(
      fmt::format("fit: {} {} has shape {}, but x {} has {} samples along axis {}", which, what,
                  to_string(a.shape()), to_string(x.shape()), x.shape(axis), axis),
      {"fit", {x.shape(), a.shape()}, axis, x.shape(axis), a.rank() == 2 ? a.shape(axis) : 0, ""});
}

void check_range(const Array& y, double low, double high, std::string_view which,
                 std::string_view loss) {
  const Array bad = logical_not(logical_and(y >= low, y <= high));
  if (any(bad).item() != 0)
    throw ValueError(
        fmt::format("fit: {} targets of {} must lie in {} … {}; they run from {} to {}", which,
                    loss, low, high, min(y).item(), max(y).item()));
}

bool is_class_numbers(Loss loss, const Array& y) {
  return loss == Loss::softmax_cross_entropy && !is_float(y.dtype());
}

void check_targets(const Sequential& network, const Array& y, Loss loss, std::string_view which) {
  if (is_class_numbers(loss, y) && y.size() == y.shape(sample_axis(network.layout())))
    check_range(y, 0, static_cast<double>(network.outputs() - 1), which, name(loss));
  if (loss == Loss::binary_cross_entropy) check_range(y, 0, 1, which, name(loss));
}

}  // namespace

FitData program_data(const Sequential& network, const FitData& data, Loss loss, DType dtype,
                     std::string_view which) {
  check_x(network, data.x, which);
  const int axis = sample_axis(network.layout());
  const auto prepared = [&](const Array& a, DType to, std::string_view what) {
    const Array column = cast_once(beside_x(a, network.layout()), to);
    check_samples(data.x, column, axis, which, what);
    return column;
  };
  const DType y_dtype = is_class_numbers(loss, data.y) ? DType::int64 : dtype;
  FitData made{cast_once(data.x, dtype), prepared(data.y, y_dtype, "y"), {}, {}};
  check_targets(network, made.y, loss, which);
  if (data.weights) made.weights = prepared(*data.weights, dtype, "weights");
  if (data.folds) made.folds = prepared(*data.folds, DType::int64, "folds");
  eval(listed(made));
  return made;
}

std::vector<Array> listed(const FitData& data) {
  std::vector<Array> list = {data.x, data.y};
  if (data.weights) list.push_back(*data.weights);
  if (data.folds) list.push_back(*data.folds);
  return list;
}

FitFields fields_of(const FitData& data) {
  return {data.weights.has_value(), data.folds.has_value()};
}

FitData named(std::span<const Array> list, FitFields fields) {
  FitData data{list[0], list[1], {}, {}};
  std::size_t next = 2;
  if (fields.weights) data.weights = list[next++];
  if (fields.folds) data.folds = list[next++];
  return data;
}

std::vector<std::vector<int64_t>> rows_by_fold(const Array& folds, std::size_t members) {
  std::vector<std::vector<int64_t>> rows(members);
  const auto numbers = folds.to_vector<int64_t>();
  for (std::size_t row = 0; row < numbers.size(); ++row) {
    const int64_t k = numbers[row];
    if (k >= 0 && k < static_cast<int64_t>(members))
      rows[static_cast<std::size_t>(k)].push_back(static_cast<int64_t>(row));
  }
  return rows;
}

void check_fold(int fold, int64_t rows, int64_t rows_in_all) {
  if (rows > 0 && rows < rows_in_all) return;
  throw ValueError(
      fmt::format("fit: {} of {} rows have the fold {}; each network needs rows of its fold, which "
                  "judge it, and others to learn from: use fewer folds",
                  rows, rows_in_all, fold));
}

FitData without_fold(const FitData& data, int k) {
  if (!data.folds) return data;
  const Array kept = astype(*data.folds != k, data.x.dtype());
  return {data.x, data.y, data.weights ? *data.weights * kept : kept, {}};
}

}  // namespace lanewise::nn
