// What the reader and the writer of safetensors share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lanewise/dtype.h"

namespace lanewise::safetensors {

inline constexpr std::string_view kMetadata = "__metadata__";
inline constexpr std::string_view kChecksum = "lanewise_checksum";
inline constexpr std::string_view kNoDigits = "00000000";
inline constexpr int64_t kMaxHeader = 100'000'000;  // as the reference implementation

inline constexpr std::string_view kDTypeNames[kDTypeCount] = {"BOOL", "I8",  "U8", "I32",
                                                              "I64",  "F32", "F64"};
// Of tensors that are float32 in memory.
inline constexpr std::string_view kBFloat16 = "BF16";

// Where the 8 digits of the checksum stand in a header.
inline std::optional<size_t> find_checksum(std::string_view header) {
  const std::string key = '"' + std::string(kChecksum) + "\":\"";
  const size_t at = header.find(key);
  if (at == header.npos || at + key.size() + kNoDigits.size() > header.size()) return {};
  return at + key.size();
}

uint32_t crc32(uint32_t crc, const void* data, int64_t bytes);
// Of a text whose parts have the checksums `first` and `second`.
uint32_t crc32_combine(uint32_t first, uint32_t second, int64_t second_bytes);

}  // namespace lanewise::safetensors
