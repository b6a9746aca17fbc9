// .npy files: see io/npy_header.h for the format.
#pragma once

#include <string>

#include "base/tensor.h"
#include "io/file.h"
#include "io/npy_header.h"

namespace lanewise {

// The array that follows; a Fortran-ordered one keeps its order in the strides.
// Errors: those of read_npy_header; DataError for a uint64 above 2^63 - 1.
Tensor read_npy(ByteReader& in);
Tensor read_npy(const std::string& path);

// Row-major, atomically.  Errors: IoError.
void write_npy(const std::string& path, const Tensor& t);

// The next `count` elements of `in`, converted.
void read_npy_elements(ByteReader& in, const NpyElement& element, int64_t count, std::byte* out);

}  // namespace lanewise
