#include "io/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "lanewise/error.h"

namespace lanewise {
namespace {

// What a symbolic link points to, so that the link itself survives.
std::filesystem::path resolve(const std::string& path) {
  std::error_code ignored;
  const auto target = std::filesystem::weakly_canonical(path, ignored);
  return ignored ? std::filesystem::path(path) : target;
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(path) {
  const std::filesystem::path target = resolve(path);
  target_ = target.string();
  folder_ = target.has_parent_path() ? target.parent_path().string() : ".";
  struct stat old;
  const bool exists = ::stat(target_.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) throw IoError(path_, "is a folder, not a file");
  if (exists && !S_ISREG(old.st_mode)) throw IoError(path_, "is not a regular file");

  static std::atomic<int> counter{0};
  temporary_ = fmt::format("{}/.{}.{}-{}.tmp", folder_, target.filename().string(), ::getpid(),
                           counter.fetch_add(1));
  descriptor_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(errno, "can't be written");
  if (exists) (void)!::fchmod(descriptor_, old.st_mode & 07777);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::fail(int error, const char* what) const {
  const char* why = error == ENOSPC ? "no space left on the device" : std::strerror(error);
  throw IoError(path_, fmt::format("{}: {}; nothing was overwritten", what, why));
}

void AtomicFile::write(const void* data, int64_t bytes) { write_at(size_, data, bytes); }

void AtomicFile::write_at(int64_t offset, const void* data, int64_t bytes) {
  const char* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t put = ::pwrite(descriptor_, from, static_cast<size_t>(bytes), offset);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail(errno, "can't be written");
    from += put, offset += put, bytes -= put;
  }
  size_ = std::max(size_, offset);
}

void AtomicFile::commit() {
  // By name: a library that wrote to temporary_path() may have replaced the file.
  const int written = ::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC);
  if (written < 0) fail(errno, "can't be flushed");
  const int error = ::fsync(written) == 0 ? 0 : errno;
  ::close(written);
  if (error != 0) fail(error, "can't be flushed");
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(errno, "can't be renamed");
  temporary_.clear();
  flush_folder();
}

void AtomicFile::flush_folder() const {
  const int folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;  // a folder may be writable and not readable
  const int error = ::fsync(folder) == 0 ? 0 : errno;
  ::close(folder);
  if (error != 0 && error != EINVAL) {  // EINVAL: the file system has no such thing
    throw IoError(path_, fmt::format("was written, but its folder can't be flushed: {}",
                                     std::strerror(error)));
  }
}

}  // namespace lanewise
