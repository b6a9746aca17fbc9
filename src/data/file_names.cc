#include "data/file_names.h"

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

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

FileAndArray file_and_array(const std::string& name) {
  constexpr std::string_view kEnd = ".npz";
  const std::size_t at = name.rfind(std::string(kEnd) + ':');
  if (at == name.npos) return {name, ""};
  const std::size_t colon = at + kEnd.size();
  return {name.substr(0, colon), name.substr(colon + 1)};
}

void refuse_pipe(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_fifo(std::filesystem::status(path, ignored)))
    throw IoError(path, "is a pipe, and must be read twice; save it to a file first");
}

}  // namespace lanewise
