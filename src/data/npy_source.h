// Where the arrays of a stream lie: in files of their own, or stored in an archive.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/npy_header.h"
#include "io/zip_directory.h"
#include "lanewise/file_streams.h"

namespace lanewise {

struct NpyPart {
  std::string path, name;  // name: for messages
  NpyHeader header;        // data_offset counts from the begin of the file at `path`
  // Of an array in an archive, compared at each read in order; features that lie apart never are.
  std::shared_ptr<StoredChecksum> checksum{};
};

NpyPart npy_part(const std::string& path);  // Errors: IoError, DataError

// Errors: as npy_source.
std::unique_ptr<Source> source_of(std::vector<NpyPart> parts, const NpySourceOptions& options);

// The names of the arrays in an archive; one of them, whole.  Errors: as npz_source.
std::vector<std::string> arrays_of(const std::string& path);
Array npz_array(const std::string& path, const std::string& array);

// What the elements become.  Errors: ValueError for no float.
void convert_to(const std::optional<DType>& dtype, NpyElement& element);

}  // namespace lanewise
