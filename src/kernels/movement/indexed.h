// Indexing as an elementwise operation. With o the axes before `axis`, i those
// of the indices and r those after it, both operands of a take or scatter_add
// are views of the shape (o, i, r):
//
//   table    x without `axis`:   strides 0 along i
//   indices:                     strides 0 along o and r
//
// and the element is table[indices · step], step being the stride of `axis`. With an index
// for each element both walk along all axes of it but for the table's stride 0 along `axis`.
#pragma once

#include "kernels/kernels.h"

namespace lanewise::kernels {

struct Indexed {
  View table, indices;
  int64_t step;
};

// `table` has the axis, `shape` is (o, i, r).
inline Indexed indexed(const View& table, const View& indices, int axis, const Shape& shape) {
  Indexed result{table, indices, table.strides[axis]};
  result.table.shape = result.indices.shape = shape;
  if (indices.rank() == table.rank() && indices.rank() == shape.rank()) {
    result.table.strides = table.strides;
    result.table.strides[axis] = 0;
    return result;
  }
  result.table.strides = result.indices.strides = Strides::filled(shape.rank(), 0);
  for (int i = 0; i < table.rank(); ++i) {
    if (i == axis) continue;
    const int at = i < axis ? i : i - 1 + indices.rank();
    result.table.strides[at] = table.strides[i];
  }
  for (int i = 0; i < indices.rank(); ++i) result.indices.strides[axis + i] = indices.strides[i];
  return result;
}

}  // namespace lanewise::kernels
