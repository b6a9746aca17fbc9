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

std::vector<Array> program_data(const Sequential& network, const FitData& data, Loss loss,
                                DType dtype, std::string_view which) {
  check_x(network, data.x, which);
  const int axis = sample_axis(network.layout());
  const DType y_dtype = is_class_numbers(loss, data.y) ? DType::int64 : dtype;
  std::vector<Array> arrays = {cast_once(data.x, dtype),
                               cast_once(beside_x(data.y, network.layout()), y_dtype)};
  check_samples(data.x, arrays[1], axis, which, "y");
  check_targets(network, arrays[1], loss, which);
  if (data.weights) {
    arrays.push_back(cast_once(beside_x(*data.weights, network.layout()), dtype));
    check_samples(data.x, arrays[2], axis, which, "weights");
  }
  eval(arrays);
  return arrays;
}

}  // namespace lanewise::nn
