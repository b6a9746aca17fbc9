// The one wording of shape errors; everything that checks shapes throws through here.
#pragma once

#include <span>
#include <string_view>

#include "lanewise/shape.h"

namespace lanewise {

// broadcast_shapes with the name of the operation for the error's text.
Shape broadcast_shapes(std::span<const Shape> shapes, std::string_view operation);

// Errors: ShapeError, always.
[[noreturn]] void throw_broadcast_error(std::string_view operation, std::span<const Shape> shapes);
[[noreturn]] void throw_matmul_error(const Shape& a, const Shape& b);

}  // namespace lanewise
