#include "lanewise/error.h"

namespace lanewise {

std::span<const ErrorMapping> error_kinds() {
  static constexpr ErrorMapping kRows[] = {
      {ErrorKind::shape, "ShapeError", "ValueError", 1, 400},
      {ErrorKind::dtype, "DTypeError", "TypeError", 1, 400},
      {ErrorKind::index, "IndexError", "IndexError", 1, 400},
      {ErrorKind::value, "ValueError", "ValueError", 2, 400},
      {ErrorKind::io, "IoError", "OSError", 1, 500},
      {ErrorKind::data, "DataError", "ValueError", 1, 422},
      {ErrorKind::device, "DeviceError", "RuntimeError", 1, 503},
      {ErrorKind::internal, "InternalError", "RuntimeError", 1, 500},
  };
  return kRows;
}

}  // namespace lanewise
