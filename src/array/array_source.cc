#include <fmt/format.h>

#include <algorithm>

#include "lanewise/error.h"
#include "lanewise/streams.h"

namespace lanewise {
namespace {

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
    for (const Array& a : arrays_) shapes.emplace_back(a.shape().begin() + 1, a.shape().end());
    return shapes;
  }
  std::vector<DType> dtypes() const override {
    std::vector<DType> all;
    for (const Array& a : arrays_) all.push_back(a.dtype());
    return all;
  }
  std::optional<int64_t> length() const override { return arrays_[0].shape(0); }
  std::vector<Array> pull(int64_t count) override {
    const int64_t end = std::min(at_ + std::max<int64_t>(count, 0), *length());
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

}  // namespace

std::unique_ptr<Source> array_source(std::vector<Array> arrays) {
  return std::make_unique<ArraySource>(std::move(arrays));
}

}  // namespace lanewise
