// The one wording of shape errors; everything that checks shapes throws through here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lanewise/shape.h"

namespace lanewise {

// What shapes broadcast to; nothing where they don't.
std::optional<Shape> try_broadcast(std::span<const Shape> shapes);

// broadcast_shapes with the name of the operation for the error's text.
Shape broadcast_shapes(std::span<const Shape> shapes, std::string_view operation);

// For shapes that don't fit.  Errors: ShapeError, always.
[[noreturn]] void throw_broadcast_error(std::string_view operation, std::span<const Shape> shapes);
[[noreturn]] void throw_matmul_error(const Shape& a, const Shape& b);

// Elements of a shape, times `unit`; nothing where 64 bits don't hold it. As in NumPy, an extent
// of 0 excuses no overflow of the others: strides are made of those.
std::optional<int64_t> try_count(const Shape& shape, int64_t unit = 1);

// Bytes of an array whose elements have `element` bytes each.
// Errors: ValueError where an extent is negative or the bytes can't be counted.
int64_t byte_count(const Shape& shape, std::size_t element);

// The axes of a matmul's operand: all but the last two take part in broadcasting; of
// the second operand's, this one meets the last of the first.
Shape batch_axes(const Shape& operand);
int contracted_axis_of_second(const Shape& b);

}  // namespace lanewise
