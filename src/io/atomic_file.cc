#include "io/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <set>

#include "lanewise/error.h"

namespace lanewise {
namespace {

// What a symbolic link points to, so that the link itself survives.
std::filesystem::path resolve(const std::string& path) {
  std::error_code ignored;
  const auto target = std::filesystem::weakly_canonical(path, ignored);
  return ignored ? std::filesystem::path(path) : target;
}

// Names of temporary files that nobody goes on with.
class Temporaries {
 public:
  void add(const std::string& name) {
    const std::lock_guard lock(mutex_);
    names_.insert(name);
  }
  void forget(const std::string& name) {
    const std::lock_guard lock(mutex_);
    names_.erase(name);
  }
  void remove() {
    const std::lock_guard lock(mutex_);
    for (const std::string& name : names_) ::unlink(name.c_str());
  }

 private:
  std::mutex mutex_;
  std::set<std::string> names_;
};

Temporaries& temporaries() {
  static Temporaries& it = *new Temporaries;  // never destroyed: used while the process ends
  return it;
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path, Unfinished unfinished)
    : unfinished_(unfinished), path_(path) {
  const std::filesystem::path target = resolve(path);
  target_ = target.string();
  folder_ = target.has_parent_path() ? target.parent_path().string() : ".";
  struct stat old;
  const bool exists = ::stat(target_.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) throw IoError(path_, "is a folder, not a file");
  if (exists && !S_ISREG(old.st_mode)) throw IoError(path_, "is not a regular file");
  if (unfinished == Unfinished::kept) open_partial();
  else open_new(target.filename().string());
  if (exists) (void)!::fchmod(descriptor_, old.st_mode & 07777);
}

void AtomicFile::open_new(const std::string& name) {
  static std::atomic<int> counter{0};
  temporary_ = fmt::format("{}/.{}.{}-{}.tmp", folder_, name, ::getpid(), counter.fetch_add(1));
  temporaries().add(temporary_);
  descriptor_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ >= 0) return;
  const int error = errno;
  temporaries().forget(temporary_);
  fail(error, "can't be written");
}

void AtomicFile::open_partial() {
  temporary_ = target_ + ".partial";
  descriptor_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor_ < 0) fail(errno, "its partial file can't be written");
  struct stat status;
  const bool locked = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
  if (locked && ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)) {
    size_ = status.st_size;
    return;
  }
  ::close(descriptor_);
  throw IoError(temporary_,
                locked ? "is not a regular file" : "is being written by another process");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (temporary_.empty() || unfinished_ == Unfinished::kept) return;
  ::unlink(temporary_.c_str());
  temporaries().forget(temporary_);
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

void AtomicFile::truncate(int64_t bytes) {
  if (::ftruncate(descriptor_, bytes) != 0) fail(errno, "can't be written");
  size_ = bytes;
}

void AtomicFile::reserve(int64_t bytes) {
  struct statvfs disk;
  struct stat status;
  if (::fstatvfs(descriptor_, &disk) != 0 || ::fstat(descriptor_, &status) != 0)
    fail(errno, "can't be written");
  const int64_t held = status.st_blocks * 512;
  const auto free = static_cast<int64_t>(disk.f_bavail * disk.f_frsize) + held;
  int error = bytes > free ? ENOSPC : 0;
  while (error == 0 && ::fallocate(descriptor_, FALLOC_FL_KEEP_SIZE, 0, bytes) != 0)
    if (errno != EINTR) error = errno;
  if (error == 0 || error == EOPNOTSUPP) return;
  if (error != ENOSPC) fail(error, "can't be written");
  throw IoError(path_, fmt::format("{} bytes are needed, {} are free on its disk; nothing was "
                                   "overwritten",
                                   bytes, free));
}

void AtomicFile::sync() {
  if (::fdatasync(descriptor_) != 0) fail(errno, "can't be flushed");
}

void AtomicFile::commit() {
  // By name: a library that wrote to temporary_path() may have replaced the file.
  const int written = ::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC);
  if (written < 0) fail(errno, "can't be flushed");
  const int error = ::fsync(written) == 0 ? 0 : errno;
  ::close(written);
  if (error != 0) fail(error, "can't be flushed");
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(errno, "can't be renamed");
  temporaries().forget(temporary_);
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

void remove_temporary_files() { temporaries().remove(); }

void save_text(const std::string& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text.data(), static_cast<int64_t>(text.size()));
  file.commit();
}

}  // namespace lanewise
