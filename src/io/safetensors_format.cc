#include "io/safetensors_format.h"

#include <zlib.h>

namespace lanewise::safetensors {

uint32_t crc32(uint32_t crc, const void* data, int64_t bytes) {
  return static_cast<uint32_t>(
      ::crc32_z(crc, static_cast<const Bytef*>(data), static_cast<z_size_t>(bytes)));
}

uint32_t crc32_combine(uint32_t first, uint32_t second, int64_t second_bytes) {
  return static_cast<uint32_t>(::crc32_combine(first, second, second_bytes));
}

}  // namespace lanewise::safetensors
