// The files that a command reads and writes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lanewise::cli {

struct NamedFile {
  std::string_view flag;  // or argument
  std::string path;       // empty: not given
};

// What is read may be a pattern, ARCHIVE.npz:ARRAY, or - for stdin; what is written, - for stdout.
// Errors: UsageError where a file that would be written is another one of them.
void refuse_same_file(const std::vector<NamedFile>& read, const std::vector<NamedFile>& written);

}  // namespace lanewise::cli
