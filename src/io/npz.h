// .npz archives: a zip file with an entry NAME.npy for each array.
#pragma once

#include <map>
#include <string>

#include "base/tensor.h"

namespace lanewise {

// Errors: IoError; DataError for a damaged archive and as read_npy, naming the entry.
std::map<std::string, Tensor> read_npz(const std::string& path);  // stored or deflated
void write_npz(const std::string& path, const std::map<std::string, Tensor>& arrays);  // stored

}  // namespace lanewise
