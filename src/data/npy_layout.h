// How the samples of a stream lie in an array file.
#pragma once

#include <string>

#include "io/npy_header.h"

namespace lanewise {

struct NpyLayout {
  bool features_first = false, fortran_order = false;

  // Whether a sample's features lie together; else those of a feature do.
  bool is_rows(int rank) const { return rank < 2 || features_first == fortran_order; }
};

// The samples and the shape of one in an array of `shape`.
// Errors: DataError, naming `file`, for a scalar and for more axes than the layout allows.
struct Samples {
  int64_t count = 0;
  Shape row;
};
Samples samples_of(const Shape& shape, const NpyLayout& layout, const std::string& file);

// The array that holds them.
Shape array_shape(const Samples& samples, const NpyLayout& layout);

}  // namespace lanewise
