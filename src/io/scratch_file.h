// A file without a name, for what doesn't fit in memory: gone when it is closed, also after a
// crash.
#pragma once

#include <cstdint>
#include <string>

namespace lanewise {

class ScratchFile {
 public:
  // In `folder`.  Errors (of all functions): IoError naming the folder.
  explicit ScratchFile(const std::string& folder);
  ~ScratchFile();
  ScratchFile(ScratchFile&& other) noexcept;
  ScratchFile& operator=(ScratchFile&&) = delete;

  int64_t size() const { return size_; }
  void write(const void* data, int64_t bytes);  // appends
  void read_at(int64_t offset, void* out, int64_t bytes) const;

 private:
  [[noreturn]] void fail(int error, const char* what) const;
  std::string folder_;
  int descriptor_ = -1;
  int64_t size_ = 0;
};

}  // namespace lanewise
