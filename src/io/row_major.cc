#include "io/row_major.h"

#include <cstring>

namespace lanewise {
namespace {

// Copies the sub-array from `axis` on; returns the place behind it in `to`.
std::byte* copy_axis(const View& v, int axis, const std::byte* from, std::byte* to) {
  const auto width = static_cast<int64_t>(size_of(v.dtype));
  if (axis == v.rank()) {
    std::memcpy(to, from, static_cast<size_t>(width));
    return to + width;
  }
  if (axis == v.rank() - 1 && v.strides[axis] == 1) {
    std::memcpy(to, from, static_cast<size_t>(width * v.shape[axis]));
    return to + width * v.shape[axis];
  }
  for (int64_t i = 0; i < v.shape[axis]; ++i) {
    to = copy_axis(v, axis + 1, from + i * v.strides[axis] * width, to);
  }
  return to;
}

}  // namespace

Tensor row_major(const Tensor& t) {
  if (t.contiguous()) return t;
  Tensor copy = Tensor::empty(t.dtype, t.shape);
  copy_axis(t, 0, t.data, copy.data);
  return copy;
}

}  // namespace lanewise
