#include "io/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/thread_pool.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

constexpr int64_t kPiece = 8 << 20;  // one thread's share of a large file
constexpr int64_t kBlock = 4096;     // offsets and sizes of direct reads are multiples of it
constexpr int64_t kDirect = 4 << 20;

[[noreturn]] void throw_errno(const std::string& path, const char* what) {
  throw IoError(path, fmt::format("{}: {}", what, std::strerror(errno)));
}

}  // namespace

File::File(const std::string& path, FileKind kind) : path_(path) {
  const int wait = kind == FileKind::any ? 0 : O_NONBLOCK;
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | wait);
  if (descriptor_ < 0) throw_errno(path, "can't be opened");
  struct stat status;
  if (::fstat(descriptor_, &status) != 0 || S_ISDIR(status.st_mode)) {
    ::close(descriptor_);
    throw IoError(path, "is a folder, not a file");
  }
  regular_ = S_ISREG(status.st_mode);
  if (regular_) size_ = status.st_size;
  if (regular_ || kind == FileKind::any) return;
  ::close(descriptor_);
  throw IoError(path, "is not a regular file");
}

File::~File() { ::close(descriptor_); }

void File::read_at(int64_t offset, void* out, int64_t bytes) const {
  char* to = static_cast<char*>(out);
  while (bytes > 0) {
    const int64_t got = direct_ ? read_direct(offset, to, bytes) : read_some(offset, to, bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno(path_, fmt::format("can't be read at offset {}", offset).c_str());
    if (got == 0) {
      throw IoError(path_, fmt::format("ends at offset {}, {} bytes before what it promised "
                                       "(was it changed while being read?)",
                                       offset, bytes));
    }
    to += got, offset += got, bytes -= got;
  }
}

int64_t File::read_some(int64_t offset, void* out, int64_t bytes) const {
  return ::pread(descriptor_, out, static_cast<size_t>(bytes), offset);
}

void File::bypass_page_cache() { direct_ = ::fcntl(descriptor_, F_SETFL, O_DIRECT) == 0; }

// By way of a buffer, since neither offset nor memory need be a multiple of a block.
int64_t File::read_direct(int64_t offset, void* out, int64_t bytes) const {
  const Buffer buffer = Buffer::allocate(static_cast<size_t>(kDirect));
  const int64_t before = offset % kBlock;
  const int64_t wanted = std::min(kDirect, (before + bytes + kBlock - 1) / kBlock * kBlock);
  int64_t got = read_some(offset - before, buffer.data, wanted);
  if (got < 0 && errno == EINVAL) {  // some file systems say so only now
    direct_ = false;
    (void)!::fcntl(descriptor_, F_SETFL, 0);
    return read_some(offset, out, bytes);
  }
  if (got < 0) return got;
  got = std::clamp<int64_t>(got - before, 0, bytes);
  std::memcpy(out, buffer.data + before, static_cast<size_t>(got));
  return got;
}

FileBytes::FileBytes(const std::string& path) {
  if (path == "-") {
    read_stream(STDIN_FILENO, "<stdin>");
    return;
  }
  const File file(path);
  if (file.regular()) read_file(file);
  else read_stream(file.descriptor_, path);
}

void FileBytes::read_file(const File& file) {
  buffer_ = Buffer::allocate(static_cast<size_t>(file.size()));
  const int64_t pieces = (file.size() + kPiece - 1) / kPiece;
  parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
    const int64_t from = begin * kPiece, to = std::min(file.size(), end * kPiece);
    file.read_at(from, buffer_.data + from, to - from);
  });
  view_ = {reinterpret_cast<const char*>(buffer_.data), static_cast<size_t>(file.size())};
}

void FileBytes::read_stream(int descriptor, const std::string& name) {
  constexpr size_t kStep = 1 << 20;
  size_t used = 0;
  for (;;) {
    if (streamed_.size() < used + kStep) streamed_.resize(std::max(2 * used, used + kStep));
    const ssize_t got = ::read(descriptor, streamed_.data() + used, kStep);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno(name, "can't be read");
    if (got == 0) break;
    used += static_cast<size_t>(got);
  }
  view_ = std::string_view(streamed_).substr(0, used);
}

}  // namespace lanewise
