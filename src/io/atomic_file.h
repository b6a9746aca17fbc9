// Writing without ever losing what was there: the bytes go to a temporary file
// in the same folder; commit() flushes it to the disk, renames it over the old
// file and flushes the folder. Until then readers see the old file; a crash or
// an error leaves it untouched.
#pragma once

#include <cstdint>
#include <string>

namespace lanewise {

class AtomicFile {
 public:
  // Errors (of all functions): IoError, saying that nothing was overwritten.
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();  // without commit(): removes the temporary file
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, int64_t bytes);  // appends
  void write_at(int64_t offset, const void* data, int64_t bytes);
  int64_t size() const { return size_; }
  void commit();

  // For libraries that write a file by its name.
  const std::string& temporary_path() const { return temporary_; }

 private:
  [[noreturn]] void fail(int error, const char* what) const;
  void flush_folder() const;
  std::string path_, target_, folder_, temporary_;
  int descriptor_ = -1;
  int64_t size_ = 0;
};

}  // namespace lanewise
