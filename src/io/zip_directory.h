// Where the entries of a zip archive lie, for reading them in place.
//
//   entry     local header (30 bytes, name, extra), then the data
//   …
//   directory an entry each: 46 bytes, name, extra, comment
//   end       22 bytes and a comment; before it, in large archives, a zip64 end and its locator
//
// Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/file.h"

namespace lanewise {

struct ZipEntry {
  std::string name;
  int64_t offset = 0;  // of the data in the archive
  int64_t stored_bytes = 0, bytes = 0;
  uint32_t crc32 = 0;
  bool deflated = false;
};

// Errors: IoError; DataError with the offset: no archive, damaged, truncated, encrypted, packed by
// another method.
std::vector<ZipEntry> read_zip_directory(const File& file);

// Of an entry that is stored as it is: compared when its bytes have been read in order.
class StoredChecksum {
 public:
  // Of what comes before `begin`, which counts from the begin of the archive, too.
  StoredChecksum(const File& file, const ZipEntry& entry, int64_t begin);
  // Bytes that were read at `offset`; from `begin` on a new comparison starts.
  // Errors: DataError at the end of the entry.
  void add(int64_t offset, const void* data, int64_t bytes);

 private:
  std::string name_;
  int64_t begin_, end_, next_;
  uint32_t expected_, before_ = 0, crc_ = 0;
};

// The entry's bytes, unpacked if need be; the checksum is compared at their end.  `file` and
// `entry` must outlive the reader.  Errors of read: IoError, DataError.
std::unique_ptr<ByteReader> open_entry(const File& file, const ZipEntry& entry);

}  // namespace lanewise
