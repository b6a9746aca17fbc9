#include "io/npz.h"

#include <fmt/format.h>
#include <unistd.h>
#include <zip.h>

#include <cstring>
#include <memory>
#include <vector>

#include "io/atomic_file.h"
#include "io/file.h"
#include "io/npy.h"
#include "io/row_major.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

// Deflate never gains more than this, so a larger claim is damage or a trap.
constexpr uint64_t kMaxExpansion = 1100;

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

class EntryReader : public ByteReader {
 public:
  EntryReader(zip_t* archive, uint64_t index, const zip_stat_t& stat, std::string name)
      : ByteReader(std::move(name), static_cast<int64_t>(stat.size)),
        entry_(zip_fopen_index(archive, index, 0)) {
    if (!entry_) throw DataError(name_ + ": " + zip_strerror(archive), name_);
  }
  void read(void* out, int64_t bytes) override {
    char* to = static_cast<char*>(out);
    while (bytes > 0) {
      const zip_int64_t got = zip_fread(entry_.get(), to, static_cast<zip_uint64_t>(bytes));
      if (got <= 0) damaged();
      to += got, offset_ += got, bytes -= got;
    }
  }
  // libzip compares the checksum when it meets the end of the entry.
  void finish() {
    char rest[4096];
    zip_int64_t got = 0;
    while ((got = zip_fread(entry_.get(), rest, sizeof rest)) > 0) offset_ += got;
    if (got < 0) damaged();
  }

 private:
  [[noreturn]] void damaged() {
    zip_error_t* error = zip_file_get_error(entry_.get());
    const bool ended = zip_error_code_zip(error) == ZIP_ER_OK;
    throw DataError(fmt::format("{}: damaged at offset {}: {}", name_, offset_,
                                ended ? "truncated" : zip_error_strerror(error)),
                    name_, -1, offset_);
  }
  std::unique_ptr<zip_file_t, Discard> entry_;
};

std::string error_text(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

Archive open_archive(const std::string& path) {
  const File readable(path);  // its errors are plainer than those of libzip
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!archive) {
    throw DataError(fmt::format("{}: not a readable .npz archive: {}", path, error_text(code)),
                    path);
  }
  return archive;
}

Tensor read_entry(zip_t* archive, uint64_t index, const std::string& path, std::string* name) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
  if (zip_stat_index(archive, index, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded) {
    throw DataError(fmt::format("{}: entry {}: {}", path, index, zip_strerror(archive)), path);
  }
  *name = stat.name;
  const std::string full = path + "/" + *name;
  if (stat.size / kMaxExpansion > stat.comp_size) {
    throw DataError(
        fmt::format("{}: claims {} bytes from {} compressed ones", full, stat.size, stat.comp_size),
        path);
  }
  EntryReader reader(archive, index, stat, full);
  Tensor result = read_npy(reader);
  reader.finish();
  if (name->ends_with(".npy")) name->resize(name->size() - 4);
  return result;
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

std::map<std::string, Tensor> read_npz(const std::string& path) {
  const Archive archive = open_archive(path);
  std::map<std::string, Tensor> result;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    std::string name;
    Tensor tensor = read_entry(archive.get(), static_cast<uint64_t>(i), path, &name);
    if (!result.emplace(name, std::move(tensor)).second) {
      throw DataError(fmt::format("{}: two arrays named '{}'", path, name), path);
    }
  }
  return result;
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
