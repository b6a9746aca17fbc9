#include "cli/files.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/command.h"
#include "data/file_names.h"

namespace lanewise::cli {
namespace {

namespace fs = std::filesystem;

// Unlike fs::equivalent() of files that aren't there, too; terminals and such may be shared.
bool same_file(const fs::path& a, const fs::path& b) {
  std::error_code error;
  if (fs::exists(a, error) && fs::exists(b, error))
    return fs::is_regular_file(a, error) && fs::equivalent(a, b, error);
  return fs::weakly_canonical(fs::absolute(a), error) ==
         fs::weakly_canonical(fs::absolute(b), error);
}

std::vector<std::string> paths_of(const std::string& input) {
  if (input.empty()) return {};
  return files_of(input == "-" ? "/dev/stdin" : file_and_array(input).file);
}

}  // namespace

void refuse_same_file(const std::vector<NamedFile>& read, const std::vector<NamedFile>& written) {
  std::vector<NamedFile> others;
  for (const NamedFile& input : read)
    for (const std::string& path : paths_of(input.path)) others.push_back({input.flag, path});
  for (const NamedFile& file : written) {
    if (file.path.empty() || file.path == "-") continue;
    for (const NamedFile& other : others)
      if (same_file(other.path, file.path))
        throw UsageError(
            fmt::format("{} and {} are the same file, '{}', which would be overwritten; name "
                        "another one for {}",
                        other.flag, file.flag, file.path, file.flag));
    others.push_back(file);
  }
}

}  // namespace lanewise::cli
