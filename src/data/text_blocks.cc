#include "data/text_blocks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lanewise/error.h"

namespace lanewise {
namespace {

[[noreturn]] void fail(const std::string& name, const char* what) {
  throw IoError(name, fmt::format("{}: {}", what, std::strerror(errno)));
}

}  // namespace

TextBlocks::TextBlocks(const std::string& path, std::size_t block)
    : name_(path == "-" ? "<stdin>" : path), descriptor_(STDIN_FILENO), block_(block) {
  if (path == "-") return;
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail(name_, "can't be opened");
  struct stat status;
  const bool known = ::fstat(descriptor_, &status) == 0;
  if (known && S_ISREG(status.st_mode)) size_ = status.st_size;
  if (known && !S_ISDIR(status.st_mode)) return;
  ::close(descriptor_);
  throw IoError(name_, "is a folder, not a file");
}

TextBlocks::~TextBlocks() {
  if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
}

std::string_view TextBlocks::text() {
  buffer_.erase(0, used_);
  filled_ -= used_;
  used_ = 0;
  fill();
  return std::string_view(buffer_).substr(0, filled_);
}

void TextBlocks::grow() { block_ *= 2; }

void TextBlocks::fill() {
  buffer_.resize(block_);
  while (filled_ < block_ && !at_end_) {
    const ssize_t got = ::read(descriptor_, buffer_.data() + filled_, block_ - filled_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(name_, fmt::format("can't be read at offset {}", read_).c_str());
    at_end_ = got == 0;
    filled_ += static_cast<std::size_t>(got);
    read_ += got;
  }
  if (at_end_ && read_ < size_)
    throw IoError(name_, fmt::format("ends at offset {}, {} bytes before what it promised (was it "
                                     "changed while being read?)",
                                     read_, size_ - read_));
}

}  // namespace lanewise
