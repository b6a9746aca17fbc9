// safetensors files, read and written, with full validation.
//
//   8 bytes    length n of the header, little-endian
//   n bytes    JSON: {"__metadata__": {key: text},
//                     name: {"dtype", "shape", "data_offsets": [begin, end]}, …}, padded with
//                     spaces
//   the rest   the elements, row-major, little-endian, without holes
//
// Lanewise adds a metadata entry `lanewise_checksum`: the CRC-32 of header and
// elements, in 8 hexadecimal digits that count as zeros themselves. Other
// readers see a text and ignore it.
// Source: https://github.com/huggingface/safetensors
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/tensor.h"

namespace lanewise {

struct SafetensorsFile {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;  // without the checksum
  // Names of float32 tensors that the file has as bfloat16: their numbers are such (is_bfloat16).
  std::set<std::string> bfloat16 = {};
};

enum class Checksum : bool { if_present, required };

// Errors: IoError; DataError with the byte offset: truncated, overlapping or
// missing ranges, a dtype that Lanewise lacks, a wrong checksum, or none where
// it is required (a flipped bit in its name would hide it).
SafetensorsFile read_safetensors(const std::string& path, Checksum checksum = Checksum::if_present);

// Atomic.  Errors: IoError; ValueError for a tensor named "__metadata__".
void write_safetensors(const std::string& path, const SafetensorsFile& file);

}  // namespace lanewise
