// The head of a .npy file: 6 magic bytes, 2 of version, the length of the text
// (2 bytes little-endian in version 1, else 4), and a Python literal such as
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
// padded with spaces so that the elements start at a multiple of 64.
// Source: NumPy, numpy/lib/format.py.
#pragma once

#include <cstdint>
#include <string>

#include "io/file.h"
#include "lanewise/dtype.h"
#include "lanewise/shape.h"

namespace lanewise {

// An element as the file holds it, and the dtype that it becomes.
struct NpyElement {
  char kind = 'f';  // b, i, u or f, as in NumPy
  int bytes = 4;
  bool swapped = false;  // not in the byte order of this machine
  DType dtype = DType::float32;

  // Whether the bytes can be taken as they are.
  bool same_bytes() const {
    const bool same_kind = kind == 'f' ? is_float(dtype) : kind != 'b' && is_integer(dtype);
    const bool may_overflow = kind == 'u' && bytes == 8;
    return !swapped && bytes == static_cast<int>(size_of(dtype)) && same_kind && !may_overflow;
  }
};

struct NpyHeader {
  NpyElement element;
  bool fortran_order = false;
  Shape shape;
  int64_t data_offset = 0;  // of the first element

  int64_t count() const { return element_count(shape); }
  int64_t data_bytes() const { return count() * element.bytes; }
};

// Leaves `in` at the first element.
// Errors: DataError with the offset: not a .npy file, damaged, truncated, a
// dtype that Lanewise lacks, more elements than the file holds.
NpyHeader read_npy_header(ByteReader& in);

// A head of version 1, padded to `bytes` at least: a file whose first extent is
// not known yet keeps room for it.
std::string npy_header(DType dtype, const Shape& shape, size_t bytes = 0,
                       bool fortran_order = false);

}  // namespace lanewise
