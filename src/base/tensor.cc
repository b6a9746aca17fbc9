#include "base/tensor.h"

#include <limits>

#include "base/shape_errors.h"

namespace lanewise {
bool View::contiguous() const {
  if (shape.contains(0)) return true;
  int64_t expected = 1;
  for (int axis = rank() - 1; axis >= 0; --axis) {
    if (shape[axis] != 1 && strides[axis] != expected) return false;
    expected *= shape[axis];
  }
  return true;
}

Tensor Tensor::empty(DType dtype, const Shape& shape) {
  const Buffer buffer =
      Buffer::allocate(static_cast<std::size_t>(byte_count(shape, size_of(dtype))));
  Tensor t;
  static_cast<View&>(t) = {buffer.data, dtype, shape, row_major_strides(shape)};
  t.owner = buffer.owner;
  return t;
}

Tensor Tensor::scalar(DType dtype, double value) {
  Tensor t = empty(dtype, {});
  with_type(dtype, [&](auto type) {
    using T = typename decltype(type)::type;
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      // Saturates: the conversion of a number out of range is undefined in C++.
      using Limits = std::numeric_limits<T>;
      if (!(value > static_cast<double>(Limits::min())))
        *t.as<T>() = value != value ? T{0} : Limits::min();
      else if (value >= static_cast<double>(Limits::max())) *t.as<T>() = Limits::max();
      else *t.as<T>() = static_cast<T>(value);
    } else {
      *t.as<T>() = static_cast<T>(value);
    }
  });
  return t;
}

View transpose_view(const View& v, const Dims& permutation) {
  View out{v.data, v.dtype, {}, {}};
  for (int64_t axis : permutation) {
    out.shape.push_back(v.shape[static_cast<int>(axis)]);
    out.strides.push_back(v.strides[static_cast<int>(axis)]);
  }
  return out;
}

View broadcast_view(const View& v, const Shape& shape) {
  View out{v.data, v.dtype, shape, Dims::filled(shape.rank(), 0)};
  const int extra = shape.rank() - v.rank();
  for (int axis = 0; axis < v.rank(); ++axis)
    if (v.shape[axis] == shape[axis + extra] && shape[axis + extra] != 1)
      out.strides[axis + extra] = v.strides[axis];
  return out;
}

View slice_view(const View& v, const Dims& start, const Shape& shape, const Dims& step) {
  View out = v;
  out.shape = shape;
  int64_t offset = 0;
  for (int axis = 0; axis < v.rank(); ++axis) {
    offset += start[axis] * v.strides[axis];
    out.strides[axis] = step[axis] * v.strides[axis];
  }
  if (!shape.contains(0)) out.data += offset * static_cast<int64_t>(size_of(v.dtype));
  return out;
}

// Groups of axes with equal products are matched from the front; a group of
// old axes can be cut anew only where it is contiguous in itself.
bool reshape_view(const View& v, const Shape& shape, View* out) {
  View result{v.data, v.dtype, shape, row_major_strides(shape)};
  if (v.contiguous()) {
    *out = result;
    return true;
  }
  Shape extents;
  Strides strides;
  for (int axis = 0; axis < v.rank(); ++axis) {
    if (v.shape[axis] == 1) continue;
    extents.push_back(v.shape[axis]);
    strides.push_back(v.strides[axis]);
  }
  int from = 0, to = 0;
  while (from < extents.rank() && to < shape.rank()) {
    int from_end = from + 1, to_end = to + 1;
    int64_t old_size = extents[from], new_size = shape[to];
    while (old_size != new_size) {
      if (new_size < old_size) new_size *= shape[to_end++];
      else old_size *= extents[from_end++];
    }
    for (int axis = from; axis + 1 < from_end; ++axis)
      if (strides[axis] != strides[axis + 1] * extents[axis + 1]) return false;
    int64_t stride = strides[from_end - 1];
    for (int axis = to_end - 1; axis >= to; --axis) {
      result.strides[axis] = stride;
      stride *= shape[axis];
    }
    from = from_end;
    to = to_end;
  }
  *out = result;
  return true;
}

}  // namespace lanewise
