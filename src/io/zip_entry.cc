#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

#include "io/zip_directory.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

constexpr int64_t kPiece = 1 << 18;  // packed bytes read at a time

class InflateReader : public ByteReader {
 public:
  InflateReader(const File& file, const ZipEntry& entry)
      : ByteReader(file.path() + "/" + entry.name, entry.bytes),
        file_(file),
        entry_(entry),
        packed_(static_cast<size_t>(std::min(kPiece, entry.stored_bytes)), '\0') {
    constexpr int kRawDeflate = -MAX_WBITS;
    if (inflateInit2(&stream_, kRawDeflate) != Z_OK) damaged("zlib has no memory");
  }
  ~InflateReader() override { inflateEnd(&stream_); }

  void read(void* out, int64_t bytes) override {
    auto* to = static_cast<Bytef*>(out);
    while (bytes > 0) {
      const int64_t got = some(to, std::min(bytes, kMost));
      crc_ = static_cast<uint32_t>(::crc32(crc_, to, static_cast<uInt>(got)));
      to += got, offset_ += got, bytes -= got;
    }
    if (offset_ == size_ && crc_ != entry_.crc32) damaged("its checksum is wrong");
  }

 private:
  static constexpr int64_t kMost = 1 << 30;  // zlib counts in 32 bits

  [[noreturn]] void damaged(const char* problem) const {
    throw DataError(fmt::format("{}: damaged at offset {}: {}", name_, offset_, problem), name_, -1,
                    offset_);
  }

  int64_t some(Bytef* to, int64_t bytes) {
    stream_.next_out = to;
    stream_.avail_out = static_cast<uInt>(bytes);
    while (stream_.avail_out == static_cast<uInt>(bytes)) {
      if (stream_.avail_in == 0) refill();
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_STREAM_END && stream_.avail_out == static_cast<uInt>(bytes))
        damaged("truncated");
      if (result != Z_OK && result != Z_STREAM_END)
        damaged(stream_.msg ? stream_.msg : "truncated");
    }
    return bytes - stream_.avail_out;
  }

  void refill() {
    const int64_t bytes =
        std::min(static_cast<int64_t>(packed_.size()), entry_.stored_bytes - read_);
    if (bytes == 0) damaged("truncated");
    file_.read_at(entry_.offset + read_, packed_.data(), bytes);
    read_ += bytes;
    stream_.next_in = reinterpret_cast<Bytef*>(packed_.data());
    stream_.avail_in = static_cast<uInt>(bytes);
  }

  const File& file_;
  const ZipEntry& entry_;
  std::string packed_;
  z_stream stream_{};
  int64_t read_ = 0;
  uint32_t crc_ = 0;
};

class StoredReader : public FileReader {
 public:
  StoredReader(const File& file, const ZipEntry& entry)
      : FileReader(file, entry.offset, entry.bytes, file.path() + "/" + entry.name),
        begin_(entry.offset),
        checksum_(file, entry, entry.offset) {}

  void read(void* out, int64_t bytes) override {
    const int64_t at = begin_ + offset_;
    FileReader::read(out, bytes);
    checksum_.add(at, out, bytes);
  }

 private:
  const int64_t begin_;
  StoredChecksum checksum_;
};

}  // namespace

std::unique_ptr<ByteReader> open_entry(const File& file, const ZipEntry& entry) {
  if (entry.deflated) return std::make_unique<InflateReader>(file, entry);
  return std::make_unique<StoredReader>(file, entry);
}

}  // namespace lanewise
