#include "io/npz.h"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <vector>

#include "io/atomic_file.h"
#include "io/npy.h"
#include "io/row_major.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

std::string error_text(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

void add_entry(zip_t* archive, const std::string& path, const std::string& name,
               const std::string& header, const Tensor& rows) {
  const zip_buffer_fragment_t parts[] = {
      {reinterpret_cast<zip_uint8_t*>(const_cast<char*>(header.data())), header.size()},
      {reinterpret_cast<zip_uint8_t*>(rows.data),
       static_cast<zip_uint64_t>(rows.size()) * size_of(rows.dtype)}};
  zip_source_t* source = zip_source_buffer_fragment(archive, parts, 2, 0);
  const zip_int64_t index =
      source == nullptr ? -1
                        : zip_file_add(archive, (name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    if (source != nullptr) zip_source_free(source);
    throw IoError(path, fmt::format("can't add '{}': {}", name, zip_strerror(archive)));
  }
  zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
}

}  // namespace

std::string array_name(const ZipEntry& entry) {
  return entry.name.ends_with(".npy") ? entry.name.substr(0, entry.name.size() - 4) : entry.name;
}

Tensor read_array(const File& file, const ZipEntry& entry) {
  const auto reader = open_entry(file, entry);
  Tensor array = read_npy(*reader);
  std::string rest(4096, '\0');  // behind the array: for the checksum
  while (reader->offset() < reader->size())
    reader->read(rest.data(),
                 std::min<int64_t>(std::ssize(rest), reader->size() - reader->offset()));
  return array;
}

std::map<std::string, Tensor> read_npz(const std::string& path) {
  const File file(path, FileKind::regular);
  std::map<std::string, Tensor> arrays;
  for (const ZipEntry& entry : read_zip_directory(file))
    if (!arrays.emplace(array_name(entry), read_array(file, entry)).second)
      throw DataError(fmt::format("{}: two arrays named '{}'", path, array_name(entry)), path);
  return arrays;
}

void write_npz(const std::string& path, const std::map<std::string, Tensor>& arrays) {
  AtomicFile file(path);
  int code = 0;
  Archive archive(zip_open(file.temporary_path().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
  if (!archive) throw IoError(path, "can't be written: " + error_text(code));
  std::vector<std::string> headers;  // libzip reads headers and rows when it closes the archive
  std::vector<Tensor> rows;
  headers.reserve(arrays.size());
  for (const auto& [name, tensor] : arrays) {
    rows.push_back(row_major(tensor));
    headers.push_back(npy_header(tensor.dtype, tensor.shape));
    add_entry(archive.get(), path, name, headers.back(), rows.back());
  }
  if (zip_close(archive.get()) != 0) {
    throw IoError(path, fmt::format("can't be written: {}; nothing was overwritten",
                                    zip_strerror(archive.get())));
  }
  (void)archive.release();  // zip_close freed it
  file.commit();
}

}  // namespace lanewise
