// Names of files as users write them.
#pragma once

#include <string>
#include <vector>

namespace lanewise {

// The files that a pattern such as "part-*.npy" matches, by name; a name of a file is itself.
// Errors: IoError where nothing matches.
bool is_pattern(const std::string& name);
std::vector<std::string> files_of(const std::string& name);

// "ARCHIVE.npz:ARRAY" in two; of any other name `array` is empty.
struct FileAndArray {
  std::string file, array;
};
FileAndArray file_and_array(const std::string& name);

// For what is read twice.  Errors: IoError.
void refuse_pipe(const std::string& path);

}  // namespace lanewise
