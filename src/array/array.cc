#include "lanewise/array.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "array/eval.h"
#include "array/tensors.h"
#include "graph/build.h"
#include "kernels/kernels.h"
#include "lanewise/ops.h"

namespace lanewise {

using graph::NodePtr;

Index slice(std::optional<int64_t> start, std::optional<int64_t> stop, int64_t step) {
  if (step == 0) throw ValueError("slice: the step is 0; use 1 to go forward, -1 to go backward");
  Index index;
  index.start_ = start;
  index.stop_ = stop;
  index.step_ = step;
  return index;
}

Index new_axis() {
  Index index;
  index.kind_ = Index::Kind::new_axis;
  return index;
}

Array::Array() : Array(graph::scalar(DType::float32, 0)) {}

NodePtr Array::weak(bool value) { return graph::scalar(DType::bool_, value, true); }
NodePtr Array::weak(int64_t value) {
  Tensor t = Tensor::scalar(DType::int64, 0);
  *t.as<int64_t>() = value;
  NodePtr node = graph::constant(std::move(t));
  node->weak = true;
  return node;
}
NodePtr Array::weak(uint64_t value) {
  if (!std::in_range<int64_t>(value))
    throw ValueError(fmt::format("the number {} is beyond int64; give a double", value));
  return weak(static_cast<int64_t>(value));
}
NodePtr Array::weak(double value) { return graph::scalar(DType::float64, value, true); }

const Shape& Array::shape() const { return node()->shape; }
int64_t Array::shape(int axis) const { return shape()[normalize_axis(axis, rank(), "shape")]; }
DType Array::dtype() const { return node()->dtype; }
Array Array::T() const { return transpose(*this); }
Array Array::reshape(const Shape& shape) const { return lanewise::reshape(*this, shape); }
Array Array::astype(DType dtype) const { return lanewise::astype(*this, dtype); }

const Array& Array::eval() const {
  evaluate({&node(), 1});
  return *this;
}
bool Array::is_evaluated() const { return node()->has_value(); }

Tensor Array::tensor() const {
  eval();
  return node_->value;
}

void Array::refuse_moved() {
  throw ValueError("an array that was moved from has no values; use the one that it became");
}

template <class T>
T Array::item_as() const {
  if (size() != 1)
    throw ValueError(
        fmt::format("item: the array has shape {}, expected one element", to_string(shape())));
  const Tensor t = tensor();
  return with_type(
      t.dtype, [&](auto type) { return static_cast<T>(*t.as<typename decltype(type)::type>()); });
}
template double Array::item_as<double>() const;
template int64_t Array::item_as<int64_t>() const;

const void* Array::data_of(DType wanted) const {
  if (wanted != dtype())
    throw DTypeError(
        fmt::format("data: the array is {}, not {}; use astype", name(dtype()), name(wanted)));
  return row_major_data(node_);
}

template <class T>
std::vector<T> Array::to_vector() const {
  const Tensor packed = cast_copy(tensor(), dtype_of<T>);
  return std::vector<T>(packed.as<T>(), packed.as<T>() + packed.size());
}
// std::vector<bool> packs bits; uint8_t or bool via astype serve instead.
template std::vector<int8_t> Array::to_vector<int8_t>() const;
template std::vector<uint8_t> Array::to_vector<uint8_t>() const;
template std::vector<int32_t> Array::to_vector<int32_t>() const;
template std::vector<int64_t> Array::to_vector<int64_t>() const;
template std::vector<float> Array::to_vector<float>() const;
template std::vector<double> Array::to_vector<double>() const;

template <class T>
Array array(std::span<const T> values, const Shape& shape) {
  if (element_count(shape) != static_cast<int64_t>(values.size()))
    throw ValueError(
        fmt::format("array: {} values do not fill shape {}", values.size(), to_string(shape)));
  Tensor t = Tensor::empty(dtype_of<T>, shape);
  if (!values.empty()) std::memcpy(t.data, values.data(), values.size_bytes());
  return from_tensor(std::move(t));
}
template Array array<int8_t>(std::span<const int8_t>, const Shape&);
template Array array<uint8_t>(std::span<const uint8_t>, const Shape&);
template Array array<int32_t>(std::span<const int32_t>, const Shape&);
template Array array<int64_t>(std::span<const int64_t>, const Shape&);
template Array array<float>(std::span<const float>, const Shape&);
template Array array<double>(std::span<const double>, const Shape&);

Array array(Elements elements, DType dtype) {
  const std::span<const double> values(elements.values.begin(), elements.values.size());
  const Array a = array(values, {static_cast<int64_t>(values.size())});
  return from_tensor(cast_copy(a.tensor(), dtype));
}

Array array(std::initializer_list<std::initializer_list<double>> rows, DType dtype) {
  const int64_t columns = rows.size() == 0 ? 0 : static_cast<int64_t>(rows.begin()->size());
  std::vector<double> values;
  for (const auto& row : rows) {
    if (static_cast<int64_t>(row.size()) != columns)
      throw ValueError(fmt::format("array: row {} has {} values, the first has {}",
                                   columns ? static_cast<int64_t>(values.size()) / columns : 0,
                                   row.size(), columns));
    values.insert(values.end(), row.begin(), row.end());
  }
  const Array a = array(values, {static_cast<int64_t>(rows.size()), columns});
  return from_tensor(cast_copy(a.tensor(), dtype));
}

namespace {

void check_layout(const void* data, const Shape& shape, const Strides& strides) {
  if (strides.rank() != shape.rank())
    throw ValueError(fmt::format("asarray: strides {} for shape {}; give one for each axis",
                                 to_string(strides), to_string(shape)));
  for (int64_t extent : shape)
    if (extent < 0)
      throw ValueError(fmt::format("asarray: shape {} has a negative extent", to_string(shape)));
  if (!data && element_count(shape) > 0)
    throw ValueError(
        fmt::format("asarray: no memory (a null pointer) for shape {}", to_string(shape)));
}

}  // namespace

Array asarray(const void* data, DType dtype, const Shape& shape, const Strides& strides,
              std::shared_ptr<void> owner) {
  check_layout(data, shape, strides);
  Tensor t;
  t.data = static_cast<std::byte*>(const_cast<void*>(data));
  t.dtype = dtype;
  t.shape = shape;
  t.strides = strides;
  // An empty array may have no memory; it has a value all the same.
  t.owner = owner ? std::move(owner) : std::shared_ptr<void>(t.data, [](void*) {});
  if (!t) return from_tensor(Tensor::empty(dtype, shape));
  return from_tensor(std::move(t));
}

Array from_tensor(Tensor tensor) { return Array(graph::constant(std::move(tensor))); }

Array full(const Shape& shape, double value, DType dtype) {
  return Array(graph::broadcast_to(graph::scalar(dtype, value), shape));
}
// int64 has integers that no double has.
Array full_integer(const Shape& shape, int64_t value, DType dtype) {
  if (dtype != DType::int64) return full(shape, static_cast<double>(value), dtype);
  Tensor t = Tensor::scalar(DType::int64, 0);
  *t.as<int64_t>() = value;
  return Array(graph::broadcast_to(graph::constant(std::move(t)), shape));
}
Array zeros(const Shape& shape, DType dtype) { return full(shape, 0.0, dtype); }
Array ones(const Shape& shape, DType dtype) { return full(shape, 1.0, dtype); }

Array eye(int64_t n, DType dtype) {
  if (n < 0) throw ValueError(fmt::format("eye: {} rows, expected 0 or more", n));
  const Array row = arange(0, static_cast<double>(n));
  return astype(equal(expand_dims(row, 1), row), dtype);
}

Array arange(double start, double stop, double step, DType dtype) {
  if (step == 0 || !std::isfinite(start) || !std::isfinite(stop) || !std::isfinite(step))
    throw ValueError("arange: needs finite ends and a step other than 0");
  const double count = std::max(0.0, std::ceil((stop - start) / step));
  if (count > 9e15) throw ValueError(fmt::format("arange: {} elements are too many", count));
  if (!is_float(dtype)) {
    const double first = std::trunc(start), increment = std::trunc(start + step) - first;
    const NodePtr ramp = graph::iota(first, increment, static_cast<int64_t>(count), DType::int64);
    return Array(graph::cast(ramp, dtype));
  }
  // As NumPy's: the distance of the first two elements, rounded to the dtype.
  const double increment = dtype == DType::float32
                               ? static_cast<float>(start + step) - static_cast<float>(start)
                               : (start + step) - start;
  return Array(graph::iota(start, increment, static_cast<int64_t>(count), dtype));
}

Array linspace(double start, double stop, int64_t count, DType dtype) {
  if (count < 0) throw ValueError(fmt::format("linspace: count is {}, expected 0 or more", count));
  std::vector<double> values(static_cast<std::size_t>(count));
  const double span = stop - start, last = static_cast<double>(count - 1), step = span / last;
  for (int64_t i = 0; i < count; ++i) {
    const double at = static_cast<double>(i);
    values[i] = (step == 0 ? at / last * span : at * step) + start;
  }
  if (count == 1) values[0] = start;
  if (count > 1) values.back() = stop;
  if (is_integer(dtype))
    for (double& value : values) value = std::floor(value);
  return from_tensor(cast_copy(array(values, {count}).tensor(), dtype));
}

}  // namespace lanewise
