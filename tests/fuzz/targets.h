// What is fuzzed: readers of files that come from anywhere. An Error is a good answer; a crash, a
// leak, undefined behaviour or a contradiction is not.
#pragma once

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "data/csv_parser.h"
#include "io/npy.h"
#include "io/npz.h"
#include "lanewise/error.h"

namespace lanewise::fuzz {

// A file in memory, which has a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
    if (::write(descriptor_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      std::abort();
  }
  ~MemoryFile() { ::close(descriptor_); }
  std::string path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

 private:
  int descriptor_;
};

// "" where f runs, else what its Error says.
template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::internal) std::abort();
    return e.what();
  }
  return "";
}

inline void npy(std::string_view bytes) {
  const MemoryFile file(bytes);
  error_of([&] { read_npy(file.path()); });
}

inline void npz(std::string_view bytes) {
  const MemoryFile memory(bytes);
  error_of([&] { read_npz(memory.path()); });
  error_of([&] {  // each entry, whatever is wrong with the others
    const File file(memory.path(), FileKind::regular);
    for (const ZipEntry& entry : read_zip_directory(file))
      error_of([&] { read_array(file, entry); });
  });
}

// In parts there are as many rows as in the whole, and the same is wrong with them.
inline void csv(std::string_view text) {
  const CsvOptions options;
  int64_t whole = 0, parts = 0;
  const std::string error = error_of([&] {
    csv::Parser parser(options, "<memory>");
    parser.begin(text);
    whole = parser.parse(text).rows;
  });
  const std::string part_error = error_of([&] {
    csv::Parser parser(options, "<memory>");
    parser.begin(text);
    for (std::string_view left = text; !left.empty();) {
      std::size_t bytes = 0;
      for (std::size_t block = 16; bytes == 0; block *= 2)
        bytes = block < left.size() ? parser.rows_end(left.substr(0, block)) : left.size();
      parts += parser.parse(left.substr(0, bytes)).rows;
      left.remove_prefix(bytes);
    }
  });
  if (error != part_error || (error.empty() && whole != parts)) {
    fmt::print(stderr, "whole: {} rows, {}\nparts: {} rows, {}\n", whole, error, parts, part_error);
    std::abort();
  }
}

}  // namespace lanewise::fuzz
