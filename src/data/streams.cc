// Rows in order: from arrays in memory and .npy files; to .npy files.
#include <fmt/format.h>

#include "io/atomic_file.h"
#include "io/npy.h"
#include "io/row_major.h"
#include "lanewise/data.h"
#include "lanewise/error.h"
#include "lanewise/ops.h"

namespace lanewise {

namespace {

Shape without_first(const Shape& shape) { return Shape(shape.begin() + 1, shape.end()); }

class ArraySource : public Source {
 public:
  explicit ArraySource(std::vector<Array> arrays) : arrays_(std::move(arrays)) {
    if (arrays_.empty()) throw ValueError("array_source: no arrays were given");
    for (const Array& a : arrays_) {
      if (a.rank() == 0) throw ValueError("array_source: a scalar has no rows");
      if (a.shape(0) != arrays_[0].shape(0))
        throw ShapeError(fmt::format("array_source: {} and {} have different numbers of rows",
                                     to_string(arrays_[0].shape()), to_string(a.shape())),
                         {"array_source",
                          {arrays_[0].shape(), a.shape()},
                          0,
                          arrays_[0].shape(0),
                          a.shape(0),
                          "every array needs a row a sample"});
    }
  }
  std::vector<Shape> row_shapes() const override {
    std::vector<Shape> shapes;
    for (const Array& a : arrays_) shapes.push_back(without_first(a.shape()));
    return shapes;
  }
  std::vector<DType> dtypes() const override {
    std::vector<DType> all;
    for (const Array& a : arrays_) all.push_back(a.dtype());
    return all;
  }
  std::optional<int64_t> length() const override { return arrays_[0].shape(0); }
  std::vector<Array> pull(int64_t rows) override {
    const int64_t end = std::min(at_ + rows, *length());
    std::vector<Array> run;
    for (const Array& a : arrays_) run.push_back(a[slice(at_, end)]);
    at_ = end;
    return run;
  }
  void reset() override { at_ = 0; }
  bool seekable() const override { return true; }
  void seek(int64_t row) override {
    if (row < 0 || row > *length()) throw IndexError(fmt::format("row {} of {}", row, *length()));
    at_ = row;
  }

 private:
  std::vector<Array> arrays_;
  int64_t at_ = 0;
};

class NpySource : public Source {
 public:
  explicit NpySource(const std::string& path) : file_(path) {
    FileReader reader(file_);
    header_ = read_npy_header(reader);
    if (header_.shape.empty()) throw DataError(fmt::format("{}: a scalar has no rows", path), path);
    if (header_.fortran_order && header_.shape.rank() > 1)
      throw DataError(
          fmt::format(
              "{}: the array is in Fortran order, whose rows are not together; save it in C order",
              path),
          path);
    row_shape_ = without_first(header_.shape);
  }
  std::vector<Shape> row_shapes() const override { return {row_shape_}; }
  std::vector<DType> dtypes() const override { return {header_.element.dtype}; }
  std::optional<int64_t> length() const override { return header_.shape[0]; }
  std::vector<Array> pull(int64_t rows) override {
    const int64_t count = std::min(rows, header_.shape[0] - at_);
    Shape shape = header_.shape;
    shape[0] = count;
    const Tensor run = Tensor::empty(header_.element.dtype, shape);
    const int64_t width = element_count(row_shape_);
    RunReader reader(file_, header_.data_offset + at_ * width * header_.element.bytes);
    read_npy_elements(reader, header_.element, count * width, run.data);
    at_ += count;
    return {from_tensor(run)};
  }
  void reset() override { at_ = 0; }
  bool seekable() const override { return true; }
  void seek(int64_t row) override {
    if (row < 0 || row > header_.shape[0])
      throw IndexError(fmt::format("row {} of {}", row, header_.shape[0]));
    at_ = row;
  }

 private:
  // The file from an offset on.
  class RunReader : public ByteReader {
   public:
    RunReader(const File& file, int64_t offset)
        : ByteReader(file.path(), file.size()), file_(file) {
      offset_ = offset;
    }
    void read(void* out, int64_t bytes) override {
      file_.read_at(offset_, out, bytes);
      offset_ += bytes;
    }

   private:
    const File& file_;
  };

  File file_;
  NpyHeader header_;
  Shape row_shape_;
  int64_t at_ = 0;
};

// The number of rows is known at the end only, so the header is written last.
class NpySink : public Sink {
 public:
  NpySink(const std::string& path, const Shape& row_shape, DType dtype)
      : file_(path), row_shape_(row_shape), dtype_(dtype) {
    const std::string head = header();
    header_bytes_ = head.size();
    file_.write(head.data(), static_cast<int64_t>(head.size()));
  }
  void push(std::span<const Array> rows) override {
    if (rows.size() != 1 || rows[0].rank() == 0 || !(without_first(rows[0].shape()) == row_shape_))
      throw ValueError(
          fmt::format("npy_sink: expected one array of rows of shape {}", to_string(row_shape_)));
    const Tensor packed = row_major(rows[0].astype(dtype_).tensor());
    file_.write(packed.data, packed.size() * static_cast<int64_t>(size_of(dtype_)));
    rows_ += rows[0].shape(0);
  }
  void close() override {
    const std::string head = header();
    file_.write_at(0, head.data(), static_cast<int64_t>(head.size()));
    file_.commit();
  }

 private:
  std::string header() const {
    Shape shape = row_shape_;
    shape.insert(0, rows_);
    return npy_header(dtype_, shape, header_bytes_ ? header_bytes_ : kRoom);
  }
  static constexpr std::size_t kRoom = 256;  // enough for any number of rows
  AtomicFile file_;
  Shape row_shape_;
  DType dtype_;
  int64_t rows_ = 0;
  std::size_t header_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Source> array_source(std::vector<Array> arrays) {
  return std::make_unique<ArraySource>(std::move(arrays));
}
std::unique_ptr<Source> npy_source(const std::string& path) {
  return std::make_unique<NpySource>(path);
}
std::unique_ptr<Sink> npy_sink(const std::string& path, const Shape& row_shape, DType dtype) {
  return std::make_unique<NpySink>(path, row_shape, dtype);
}

}  // namespace lanewise
