#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

#include "io/zip_directory.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

uint32_t go_on(uint32_t crc, const void* data, int64_t bytes) {
  constexpr int64_t kMost = 1 << 30;  // zlib counts in 32 bits
  const auto* at = static_cast<const Bytef*>(data);
  for (; bytes > 0; bytes -= kMost, at += kMost)
    crc = static_cast<uint32_t>(::crc32(crc, at, static_cast<uInt>(std::min(bytes, kMost))));
  return crc;
}

}  // namespace

StoredChecksum::StoredChecksum(const File& file, const ZipEntry& entry, int64_t begin)
    : name_(file.path() + "/" + entry.name),
      begin_(begin),
      end_(entry.offset + entry.bytes),
      next_(begin),
      expected_(entry.crc32) {
  std::string head(static_cast<std::size_t>(begin - entry.offset), '\0');
  file.read_at(entry.offset, head.data(), begin - entry.offset);
  before_ = crc_ = go_on(0, head.data(), begin - entry.offset);
}

void StoredChecksum::add(int64_t offset, const void* data, int64_t bytes) {
  if (offset == begin_) {
    next_ = begin_;
    crc_ = before_;
  }
  if (offset != next_) return;
  crc_ = go_on(crc_, data, bytes);
  next_ += bytes;
  if (next_ == end_ && crc_ != expected_)
    throw DataError(fmt::format("{}: damaged: its checksum is wrong", name_), name_, -1, offset);
}

}  // namespace lanewise
