#include "io/scratch_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "lanewise/error.h"

namespace lanewise {
namespace {

// For file systems that have no files without a name.
int open_and_unlink(const std::string& folder) {
  std::string path = folder + "/.lanewise-XXXXXX";
  const int descriptor = ::mkostemp(path.data(), O_CLOEXEC);
  if (descriptor >= 0) ::unlink(path.c_str());
  return descriptor;
}

}  // namespace

ScratchFile::ScratchFile(const std::string& folder) : folder_(folder.empty() ? "." : folder) {
  descriptor_ = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor_ < 0) descriptor_ = open_and_unlink(folder_);
  if (descriptor_ < 0) fail(errno, "no scratch file can be made there");
}

ScratchFile::~ScratchFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ScratchFile::ScratchFile(ScratchFile&& other) noexcept
    : folder_(std::move(other.folder_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

void ScratchFile::fail(int error, const char* what) const {
  const char* why = error == ENOSPC ? "no space left on the device" : std::strerror(error);
  throw IoError(folder_, fmt::format("{}: {}", what, why));
}

void ScratchFile::write(const void* data, int64_t bytes) {
  const char* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t put = ::pwrite(descriptor_, from, static_cast<size_t>(bytes), size_);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail(errno, "its scratch file can't be written");
    from += put, size_ += put, bytes -= put;
  }
}

void ScratchFile::read_at(int64_t offset, void* out, int64_t bytes) const {
  char* to = static_cast<char*>(out);
  while (bytes > 0) {
    const ssize_t got = ::pread(descriptor_, to, static_cast<size_t>(bytes), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail(got < 0 ? errno : EIO, "its scratch file can't be read");
    to += got, offset += got, bytes -= got;
  }
}

}  // namespace lanewise
