// .npz archives: a zip file with an entry NAME.npy for each array.
#pragma once

#include <map>
#include <string>

#include "base/tensor.h"
#include "io/zip_directory.h"

namespace lanewise {

std::string array_name(const ZipEntry& entry);

// The array of an entry, whose checksum is compared.  Errors: IoError, DataError, as read_npy.
Tensor read_array(const File& file, const ZipEntry& entry);

// Errors: IoError; DataError for a damaged archive and as read_npy, naming the entry.
std::map<std::string, Tensor> read_npz(const std::string& path);  // stored or deflated
void write_npz(const std::string& path, const std::map<std::string, Tensor>& arrays);  // stored

}  // namespace lanewise
