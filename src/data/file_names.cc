#include "data/file_names.h"

#include <glob.h>

#include <algorithm>
#include <filesystem>

#include "lanewise/error.h"

namespace lanewise {

bool is_pattern(const std::string& name) {
  std::error_code ignored;
  return name.find_first_of("*?[") != name.npos && !std::filesystem::exists(name, ignored);
}

std::vector<std::string> files_of(const std::string& name) {
  if (!is_pattern(name)) return {name};
  glob_t found{};
  ::glob(name.c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> files(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (files.empty()) throw IoError(name, "no file matches this pattern");
  std::sort(files.begin(), files.end());
  return files;
}

void refuse_pipe(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_fifo(std::filesystem::status(path, ignored)))
    throw IoError(path, "is a pipe, and must be read twice; save it to a file first");
}

}  // namespace lanewise
