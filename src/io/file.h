// Files read by position, with pread and never through a memory map: a file
// that another process truncates kills a reader of a map, here it is an error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/tensor.h"

namespace lanewise {

enum class FileKind : uint8_t { any, regular };

// A file opened for reading.
class File {
 public:
  // Errors: IoError; also where a regular file is needed and it is a pipe, which isn't waited for.
  explicit File(const std::string& path, FileKind kind = FileKind::any);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  const std::string& path() const { return path_; }
  bool regular() const { return regular_; }
  int64_t size() const { return size_; }  // when it was opened; 0 unless regular
  // Errors: IoError, with the offset where the file ends too early.
  void read_at(int64_t offset, void* out, int64_t bytes) const;
  // Reads leave the page cache alone from now on, where the file system can: for files larger
  // than memory that are read in large runs.
  void bypass_page_cache();

 private:
  friend class FileBytes;
  int64_t read_some(int64_t offset, void* out, int64_t bytes) const;
  int64_t read_direct(int64_t offset, void* out, int64_t bytes) const;
  std::string path_;
  int descriptor_ = -1;
  bool regular_ = false;
  mutable bool direct_ = false;
  int64_t size_ = 0;
};

// A whole file in memory; "-" is the standard input, pipes work too.
class FileBytes {
 public:
  explicit FileBytes(const std::string& path);  // Errors: IoError
  std::string_view view() const { return view_; }

 private:
  void read_file(const File& file);
  void read_stream(int descriptor, const std::string& name);
  Buffer buffer_;
  std::string streamed_;
  std::string_view view_;
};

// Bytes in order, from a file or from an entry of an archive.
class ByteReader {
 public:
  virtual ~ByteReader() = default;
  virtual void read(void* out, int64_t bytes) = 0;   // all of them.  Errors: IoError, DataError
  const std::string& name() const { return name_; }  // for messages
  int64_t size() const { return size_; }
  int64_t offset() const { return offset_; }

 protected:
  ByteReader(std::string name, int64_t size) : name_(std::move(name)), size_(size) {}
  std::string name_;
  int64_t size_, offset_ = 0;
};

// A file from an offset on, or a part of one that counts its own offsets.
class FileReader : public ByteReader {
 public:
  explicit FileReader(const File& file, int64_t offset = 0)
      : ByteReader(file.path(), file.size()), file_(file) {
    offset_ = offset;
  }
  FileReader(const File& file, int64_t begin, int64_t bytes, std::string name)
      : ByteReader(std::move(name), bytes), file_(file), begin_(begin) {}
  void read(void* out, int64_t bytes) override {
    file_.read_at(begin_ + offset_, out, bytes);
    offset_ += bytes;
  }

 private:
  const File& file_;
  int64_t begin_ = 0;
};

}  // namespace lanewise
