// Runs of samples from arrays that lie in files as they are, each run read into one new array.
#include "data/npy_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/file_names.h"
#include "data/npy_layout.h"
#include "io/npy.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

// What is read counts for a checksum.
class SummedReader : public ByteReader {
 public:
  SummedReader(const File& file, int64_t offset, StoredChecksum& checksum)
      : ByteReader(file.path(), file.size()), file_(file), checksum_(checksum) {
    offset_ = offset;
  }
  void read(void* out, int64_t bytes) override {
    file_.read_at(offset_, out, bytes);
    checksum_.add(offset_, out, bytes);
    offset_ += bytes;
  }

 private:
  const File& file_;
  StoredChecksum& checksum_;
};

class NpySource : public Source {
 public:
  NpySource(std::vector<NpyPart> parts, const NpySourceOptions& options) : direct_(options.direct) {
    for (NpyPart& part : parts) add(std::move(part), options);
  }
  std::vector<Shape> row_shapes() const override { return {row_}; }
  std::vector<DType> dtypes() const override { return {dtype_}; }
  int sample_axis() const override { return rows_ ? 0 : 1; }
  std::optional<int64_t> length() const override { return parts_.back().end; }

  std::vector<Array> pull(int64_t count) override {
    const int64_t end = at_ + std::clamp<int64_t>(count, 0, *length() - at_);
    Shape shape = row_;
    shape.insert(rows_ ? 0 : 1, end - at_);
    const Tensor run = Tensor::empty(dtype_, shape);
    for (int64_t from = at_; from < end;) {
      const Part& part = part_at(from);
      const int64_t to = std::min(end, part.end);
      read(part, from, to, run, from - at_);
      from = to;
    }
    at_ = end;
    return {from_tensor(run)};
  }
  void reset() override { at_ = 0; }
  bool seekable() const override { return true; }
  void seek(int64_t sample) override {
    if (sample < 0 || sample > *length())
      throw IndexError(fmt::format("sample {} of {}", sample, *length()));
    at_ = sample;
  }

 private:
  struct Part : NpyPart {
    int64_t begin = 0, end = 0;  // its samples among all
  };

  void add(NpyPart from, const NpySourceOptions& options) {
    convert_to(options.dtype, from.header.element);
    Part part{std::move(from)};
    const NpyLayout layout{options.features_first, part.header.fortran_order};
    const Samples samples = samples_of(part.header.shape, layout, part.name);
    const bool rows = layout.is_rows(part.header.shape.rank());
    if (parts_.empty()) {
      row_ = samples.row;
      rows_ = rows;
      dtype_ = part.header.element.dtype;
    } else {
      check_same("samples of shape", to_string(row_), to_string(samples.row), part);
      check_same("dtype", name(dtype_), name(part.header.element.dtype), part);
      check_same("samples", rows_ ? "as rows" : "as columns", rows ? "as rows" : "as columns",
                 part);
      part.begin = parts_.back().end;
    }
    part.end = part.begin + samples.count;
    parts_.push_back(std::move(part));
  }

  void check_same(const char* what, std::string_view first, std::string_view other,
                  const Part& part) const {
    if (first == other) return;
    throw DataError(fmt::format("{} holds {} {}, {} before it {}; files that are read as one must "
                                "agree",
                                part.name, what, other, parts_[0].name, first),
                    part.path);
  }

  const Part& part_at(int64_t sample) const {
    return *std::upper_bound(parts_.begin(), parts_.end(), sample,
                             [](int64_t s, const Part& part) { return s < part.end; });
  }

  // One file is open at a time: there may be more of them than a process may open.
  const File& open(const Part& part) {
    if (!file_ || file_->path() != part.path) {
      file_ = std::make_unique<File>(part.path, FileKind::regular);
      if (direct_) file_->bypass_page_cache();
    }
    return *file_;
  }

  // Samples `from` to `to` of all become those of `run` from `place` on.
  void read(const Part& part, int64_t from, int64_t to, const Tensor& run, int64_t place) {
    const NpyElement& element = part.header.element;
    const auto width = static_cast<int64_t>(size_of(dtype_));
    const File& file = open(part);
    const auto copy = [&](int64_t element_from, int64_t count, int64_t element_to) {
      const int64_t offset = part.header.data_offset + element_from * element.bytes;
      std::byte* const to_here = run.data + element_to * width;
      if (part.checksum) {
        SummedReader reader(file, offset, *part.checksum);
        return read_npy_elements(reader, element, count, to_here);
      }
      FileReader reader(file, offset);
      read_npy_elements(reader, element, count, to_here);
    };
    const int64_t features = element_count(row_);
    from -= part.begin, to -= part.begin;
    if (rows_) return copy(from * features, (to - from) * features, place * features);
    for (int64_t f = 0; f < features; ++f)
      copy(f * (part.end - part.begin) + from, to - from, f * run.shape[1] + place);
  }

  const bool direct_;
  std::vector<Part> parts_;
  Shape row_;
  bool rows_ = true;
  DType dtype_ = DType::float32;
  std::unique_ptr<File> file_;
  int64_t at_ = 0;
};

}  // namespace

NpyPart npy_part(const std::string& path) {
  const File file(path, FileKind::regular);
  FileReader reader(file);
  return {path, path, read_npy_header(reader)};
}

void convert_to(const std::optional<DType>& dtype, NpyElement& element) {
  if (!dtype || *dtype == element.dtype) return;
  if (!is_float(*dtype))
    throw ValueError(fmt::format("a source converts to float32 and float64, not {} to {}",
                                 name(element.dtype), name(*dtype)));
  element.dtype = *dtype;
}

std::unique_ptr<Source> source_of(std::vector<NpyPart> parts, const NpySourceOptions& options) {
  return std::make_unique<NpySource>(std::move(parts), options);
}

std::unique_ptr<Source> npy_source(const std::vector<std::string>& paths,
                                   const NpySourceOptions& options) {
  if (paths.empty()) throw ValueError("npy_source: no files were given");
  std::vector<NpyPart> parts;
  for (const std::string& path : paths) parts.push_back(npy_part(path));
  return source_of(std::move(parts), options);
}

std::unique_ptr<Source> npy_source(const std::string& path, const NpySourceOptions& options) {
  return npy_source(files_of(path), options);
}

}  // namespace lanewise
