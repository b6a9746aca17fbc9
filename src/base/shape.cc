#include "lanewise/shape.h"

#include <fmt/format.h>

#include "base/shape_errors.h"
#include "lanewise/error.h"

namespace lanewise {

void Dims::insert(int at, int64_t value) {
  push_back(value);
  for (int i = rank_ - 1; i > at; --i) values_[i] = values_[i - 1];
  values_[at] = value;
}

void Dims::erase(int at) {
  for (int i = at; i + 1 < rank_; ++i) values_[i] = values_[i + 1];
  --rank_;
}

void Dims::throw_too_long() {
  throw ValueError(fmt::format("an array has at most {} axes", kMaxRank));
}

int64_t element_count(const Shape& shape) {
  int64_t count = 1;
  for (int64_t extent : shape) count *= extent;
  return count;
}

Strides row_major_strides(const Shape& shape) {
  Strides strides = Dims::filled(shape.rank(), 1);
  for (int axis = shape.rank() - 2; axis >= 0; --axis)
    strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

std::string to_string(const Shape& shape) {
  return fmt::format("({}{})", fmt::join(shape.begin(), shape.end(), ", "),
                     shape.rank() == 1 ? "," : "");
}

int normalize_axis(int64_t axis, int rank, std::string_view operation) {
  if (axis < -rank || axis >= rank)
    throw IndexError(fmt::format("{}: axis {} is out of range for {} {}", operation, axis, rank,
                                 rank == 1 ? "axis" : "axes"));
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Shape broadcast_shapes(std::span<const Shape> shapes, std::string_view operation) {
  int rank = 0;
  for (const Shape& s : shapes) rank = std::max(rank, s.rank());
  Shape result = Dims::filled(rank, 1);
  for (const Shape& s : shapes)
    for (int axis = 0, extra = rank - s.rank(); axis < s.rank(); ++axis) {
      int64_t& extent = result[axis + extra];
      if (extent == 1) extent = s[axis];
      else if (s[axis] != 1 && s[axis] != extent) throw_broadcast_error(operation, shapes);
    }
  return result;
}

Shape broadcast_shapes(std::span<const Shape> shapes) {
  return broadcast_shapes(shapes, "broadcast");
}

Shape matmul_shape(const Shape& a, const Shape& b) {
  if (a.empty() || b.empty()) throw_matmul_error(a, b);
  const int64_t inner = a.back(), other = b.rank() == 1 ? b[0] : b[b.rank() - 2];
  if (inner != other) throw_matmul_error(a, b);
  const Shape batches[] = {Shape(a.begin(), a.end() - std::min(a.rank(), 2)),
                           Shape(b.begin(), b.end() - std::min(b.rank(), 2))};
  Shape result = broadcast_shapes(batches, "matmul (batch axes)");
  if (a.rank() > 1) result.push_back(a[a.rank() - 2]);
  if (b.rank() > 1) result.push_back(b.back());
  return result;
}

}  // namespace lanewise
