// Writing without ever losing what was there: the bytes go to a temporary file
// in the same folder; commit() flushes it to the disk, renames it over the old
// file and flushes the folder. Until then readers see the old file; a crash or
// an error leaves it untouched.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lanewise {

// What becomes of the temporary file without a commit().
enum class Unfinished : uint8_t {
  removed,
  kept,  // as PATH.partial, which the next AtomicFile of that path goes on with
};

class AtomicFile {
 public:
  // Errors (of all functions): IoError, saying that nothing was overwritten; also where another
  // process writes the partial file.
  explicit AtomicFile(const std::string& path, Unfinished unfinished = Unfinished::removed);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, int64_t bytes);  // appends
  void write_at(int64_t offset, const void* data, int64_t bytes);
  int64_t size() const { return size_; }
  void truncate(int64_t bytes);
  // Takes room for `bytes` in all.  Errors: IoError with what is needed and what is free.
  void reserve(int64_t bytes);
  void sync();  // waits until all that was written is on the disk
  void commit();

  // For libraries that write a file by its name.
  const std::string& temporary_path() const { return temporary_; }

 private:
  [[noreturn]] void fail(int error, const char* what) const;
  void open_new(const std::string& name);
  void open_partial();
  void flush_folder() const;
  const Unfinished unfinished_;
  std::string path_, target_, folder_, temporary_;
  int descriptor_ = -1;
  int64_t size_ = 0;
};

// Of all that are being written, before the process ends without their destructors.
void remove_temporary_files();

// Writes a file of text so.
void save_text(const std::string& path, std::string_view text);

}  // namespace lanewise
