// CRC-32C (Castagnoli): of what must be told from damage, and of data that must be the same.
#pragma once

#include <cstdint>

namespace lanewise {

// Goes on from `crc`, that of what came before; 0: nothing did.
uint32_t crc32c(uint32_t crc, const void* data, int64_t bytes);

}  // namespace lanewise
