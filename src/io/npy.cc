#include "io/npy.h"

#include "io/atomic_file.h"
#include "io/row_major.h"

namespace lanewise {
Tensor read_npy(ByteReader& in) {
  const NpyHeader header = read_npy_header(in);
  Tensor result = Tensor::empty(header.element.dtype, header.shape);
  read_npy_elements(in, header.element, header.count(), result.data);
  if (header.fortran_order) {
    int64_t stride = 1;
    for (int axis = 0; axis < result.rank(); ++axis) {
      result.strides[axis] = stride;
      stride *= result.shape[axis];
    }
  }
  return result;
}

Tensor read_npy(const std::string& path) {
  const File file(path, FileKind::regular);
  FileReader reader(file);
  return read_npy(reader);
}

void write_npy(const std::string& path, const Tensor& t) {
  const Tensor rows = row_major(t);
  const std::string header = npy_header(rows.dtype, rows.shape);
  AtomicFile file(path);
  file.write(header.data(), static_cast<int64_t>(header.size()));
  file.write(rows.data, rows.bytes());
  file.commit();
}

}  // namespace lanewise
