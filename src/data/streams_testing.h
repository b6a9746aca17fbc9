// What the tests of sources and sinks share.
#pragma once

#include <zip.h>

#include <string>
#include <vector>

#include "io/npy_header.h"
#include "io/testing.h"
#include "lanewise/file_streams.h"
#include "lanewise/ops.h"

namespace lanewise {

using Values = std::vector<double>;

// A .npy file that holds `values` in the order given.
template <class T>
std::string npy_bytes(const std::vector<T>& values, const Shape& shape,
                      bool fortran_order = false) {
  return npy_header(dtype_of<T>, shape, 0, fortran_order) +
         std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// An archive of one deflated entry.
inline void put_deflated(const std::string& path, const std::string& name,
                         const std::string& bytes) {
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
  const zip_int64_t index = zip_file_add(archive, name.c_str(), source, 0);
  zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_DEFLATE, 9);
  zip_close(archive);
}

inline Values values_of(const Array& a) { return a.to_vector<double>(); }

// All samples of a source, pulled `count` at a time, as rows.
inline Array rows_of(Source& source, int64_t count) {
  std::vector<Array> runs;
  do {
    const Array run = source.pull(count)[0];
    runs.push_back(source.sample_axis() == 0 ? run : run.T());
  } while (runs.back().shape(0) == count);
  return concatenate(runs);
}

}  // namespace lanewise
