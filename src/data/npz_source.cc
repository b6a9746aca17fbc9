// Arrays in archives: a stored one lies in the file as it is; a deflated one is unpacked in order.
#include <fmt/format.h>

#include <algorithm>

#include "data/npy_layout.h"
#include "data/npy_source.h"
#include "io/npy.h"
#include "io/npz.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

class DeflatedSource : public Source {
 public:
  DeflatedSource(const std::string& path, ZipEntry entry, const NpySourceOptions& options)
      : file_(path, FileKind::regular), entry_(std::move(entry)), options_(options) {
    reset();
    const NpyLayout layout{options.features_first, header_.fortran_order};
    samples_ = samples_of(header_.shape, layout, reader_->name());
  }
  std::vector<Shape> row_shapes() const override { return {samples_.row}; }
  std::vector<DType> dtypes() const override { return {header_.element.dtype}; }
  std::optional<int64_t> length() const override { return samples_.count; }
  std::vector<Array> pull(int64_t count) override {
    count = std::clamp<int64_t>(count, 0, samples_.count - at_);
    Shape shape = samples_.row;
    shape.insert(0, count);
    const Tensor run = Tensor::empty(header_.element.dtype, shape);
    read_npy_elements(*reader_, header_.element, run.size(), run.data);
    at_ += count;
    return {from_tensor(run)};
  }
  void reset() override {
    reader_ = open_entry(file_, entry_);
    header_ = read_npy_header(*reader_);
    convert_to(options_.dtype, header_.element);
    at_ = 0;
  }

 private:
  const File file_;
  const ZipEntry entry_;
  const NpySourceOptions options_;
  std::unique_ptr<ByteReader> reader_;
  NpyHeader header_;
  Samples samples_;
  int64_t at_ = 0;
};

ZipEntry find_array(const File& file, const std::string& array) {
  std::string known;
  for (ZipEntry& entry : read_zip_directory(file)) {
    if (entry.name == array || array_name(entry) == array) return std::move(entry);
    known += (known.empty() ? "" : ", ") + array_name(entry);
  }
  throw DataError(fmt::format("{}: no array is called '{}'; there are: {}", file.path(), array,
                              known.empty() ? "none" : known),
                  file.path());
}

// Columns can't be unpacked a run at a time.
std::unique_ptr<Source> unpacked(Array whole, const NpySourceOptions& options) {
  NpyElement element{.dtype = whole.dtype()};
  convert_to(options.dtype, element);
  if (options.features_first) whole = whole.T();
  return array_source({whole.astype(element.dtype)});
}

}  // namespace

std::unique_ptr<Source> npz_source(const std::string& path, const std::string& array,
                                   const NpySourceOptions& options) {
  const File file(path, FileKind::regular);
  ZipEntry entry = find_array(file, array);
  if (entry.deflated) {
    const auto reader = open_entry(file, entry);
    const NpyHeader header = read_npy_header(*reader);
    const NpyLayout layout{options.features_first, header.fortran_order};
    if (layout.is_rows(header.shape.rank()))
      return std::make_unique<DeflatedSource>(path, std::move(entry), options);
    return unpacked(from_tensor(read_array(file, entry)), options);
  }
  FileReader reader(file, entry.offset, entry.bytes, path + "/" + entry.name);
  NpyPart part{path, reader.name(), read_npy_header(reader)};
  part.header.data_offset += entry.offset;
  part.checksum = std::make_shared<StoredChecksum>(file, entry, part.header.data_offset);
  return source_of({std::move(part)}, options);
}

Array npz_array(const std::string& path, const std::string& array) {
  const File file(path, FileKind::regular);
  return from_tensor(read_array(file, find_array(file, array)));
}

std::vector<std::string> arrays_of(const std::string& path) {
  const File file(path, FileKind::regular);
  std::vector<std::string> names;
  for (const ZipEntry& entry : read_zip_directory(file)) names.push_back(array_name(entry));
  return names;
}

}  // namespace lanewise
