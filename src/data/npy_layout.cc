#include "data/npy_layout.h"

#include <fmt/format.h>

#include "lanewise/error.h"

namespace lanewise {

Samples samples_of(const Shape& shape, const NpyLayout& layout, const std::string& file) {
  if (shape.empty()) throw DataError(fmt::format("{}: a scalar has no samples", file), file);
  if (shape.rank() > 2 && (layout.features_first || layout.fortran_order))
    throw DataError(
        fmt::format("{}: the samples of an array of shape {} are read only in C order and along "
                    "its first axis; save it so",
                    file, to_string(shape)),
        file);
  if (layout.features_first) return {shape.back(), Shape(shape.begin(), shape.end() - 1)};
  return {shape[0], Shape(shape.begin() + 1, shape.end())};
}

Shape array_shape(const Samples& samples, const NpyLayout& layout) {
  Shape shape = samples.row;
  shape.insert(layout.features_first ? shape.rank() : 0, samples.count);
  return shape;
}

}  // namespace lanewise
