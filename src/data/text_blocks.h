// A text read a block at a time, from a file, a pipe or the standard input; what the user leaves of
// a block is the begin of the next.
#pragma once

#include <string>
#include <string_view>

#include "io/file.h"

namespace lanewise {

class TextBlocks {
 public:
  // "-" is the standard input.  Errors: IoError.
  TextBlocks(const std::string& path, std::size_t block);
  ~TextBlocks();
  TextBlocks(const TextBlocks&) = delete;
  TextBlocks& operator=(const TextBlocks&) = delete;

  const std::string& name() const { return name_; }
  // The text from where the user is: a block, or all that is left.  Errors: IoError.
  std::string_view text();
  bool at_end() const { return at_end_; }  // of the file: text() holds all that is left
  void consume(std::size_t bytes) { used_ += bytes; }
  void grow();  // the user can do nothing with so little

 private:
  void fill();
  std::string name_;
  int descriptor_ = 0;
  std::size_t block_;
  std::string buffer_;
  std::size_t used_ = 0, filled_ = 0;
  int64_t read_ = 0, size_ = -1;  // size: of a regular file when it was opened
  bool at_end_ = false;
};

}  // namespace lanewise
