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

std::optional<int64_t> try_count(const Shape& shape, int64_t unit) {
  bool empty = false;
  for (int64_t extent : shape) {
    empty |= extent == 0;
    if (extent != 0 && __builtin_mul_overflow(unit, extent, &unit)) return std::nullopt;
  }
  return empty ? 0 : unit;
}

int64_t element_count(const Shape& shape) {
  if (const auto count = try_count(shape)) return *count;
  throw ValueError(fmt::format("shape {} has more elements than can be counted", to_string(shape)));
}

int64_t byte_count(const Shape& shape, std::size_t element) {
  for (int64_t extent : shape)
    if (extent < 0)
      throw ValueError(fmt::format("shape {} has a negative extent", to_string(shape)));
  if (const auto bytes = try_count(shape, static_cast<int64_t>(element))) return *bytes;
  throw ValueError(fmt::format("an array of shape {} is too large to address", to_string(shape)));
}

// Only a shape that element_count refuses has strides that wrap; nothing is ever addressed
// with those.
Strides row_major_strides(const Shape& shape) {
  Strides strides = Dims::filled(shape.rank(), 1);
  for (int axis = shape.rank() - 2; axis >= 0; --axis)
    strides[axis] = static_cast<int64_t>(static_cast<uint64_t>(strides[axis + 1]) *
                                         static_cast<uint64_t>(shape[axis + 1]));
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

std::optional<Shape> try_broadcast(std::span<const Shape> shapes) {
  int rank = 0;
  for (const Shape& s : shapes) rank = std::max(rank, s.rank());
  Shape result = Dims::filled(rank, 1);
  for (const Shape& s : shapes)
    for (int axis = 0, extra = rank - s.rank(); axis < s.rank(); ++axis) {
      int64_t& extent = result[axis + extra];
      if (extent == 1) extent = s[axis];
      else if (s[axis] != 1 && s[axis] != extent) return std::nullopt;
    }
  return result;
}

Shape broadcast_shapes(std::span<const Shape> shapes, std::string_view operation) {
  if (const auto result = try_broadcast(shapes)) return *result;
  throw_broadcast_error(operation, shapes);
}

Shape broadcast_shapes(std::span<const Shape> shapes) {
  return broadcast_shapes(shapes, "broadcast");
}

Shape batch_axes(const Shape& s) { return {s.begin(), s.end() - std::min(s.rank(), 2)}; }

int contracted_axis_of_second(const Shape& b) { return std::max(b.rank() - 2, 0); }

Shape matmul_shape(const Shape& a, const Shape& b) {
  if (a.empty() || b.empty()) throw_matmul_error(a, b);
  if (a.back() != b[contracted_axis_of_second(b)]) throw_matmul_error(a, b);
  const Shape batches[] = {batch_axes(a), batch_axes(b)};
  const auto batch = try_broadcast(batches);
  if (!batch) throw_matmul_error(a, b);
  Shape result = *batch;
  if (a.rank() > 1) result.push_back(a[a.rank() - 2]);
  if (b.rank() > 1) result.push_back(b.back());
  return result;
}

}  // namespace lanewise
