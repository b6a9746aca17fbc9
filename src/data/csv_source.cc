// The numeric columns of a CSV file as rows of an array.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/tensor.h"
#include "base/thread_pool.h"
#include "data/file_names.h"
#include "data/table_source.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

using Warn = std::function<void(const std::string&)>;

class CsvSource : public Source {
 public:
  CsvSource(const std::string& path, const CsvOptions& options, DType dtype, const Warn& warn)
      : path_(path), options_(options), dtype_(dtype) {
    const Table columns = read_columns(path, options);
    rows_ = columns.rows;
    std::vector<std::string> left_out;
    for (std::size_t c = 0; c < columns.columns.size(); ++c) {
      if (columns.columns[c].is_text) left_out.push_back(columns.columns[c].name);
      else chosen_.push_back(c);
    }
    options_.as_text.insert(options_.as_text.end(), left_out.begin(), left_out.end());
    if (warn) tell(columns.warnings, left_out, warn);
    if (chosen_.empty()) throw DataError(fmt::format("{}: no column holds numbers", path), path);
    reset();
  }

  std::vector<Shape> row_shapes() const override { return {{width()}}; }
  std::vector<DType> dtypes() const override { return {dtype_}; }
  std::optional<int64_t> length() const override { return rows_; }

  std::vector<Array> pull(int64_t count) override {
    count = std::clamp<int64_t>(count, 0, rows_ - at_);
    const Tensor run = Tensor::empty(dtype_, {count, width()});
    for (int64_t done = 0; done < count;) {
      const Table part = tables_->pull(count - done);
      if (part.rows == 0)
        throw DataError(
            fmt::format("{}: ends after {} of {} rows (was it changed while being read?)", path_,
                        at_ + done, rows_),
            path_);
      if (dtype_ == DType::float32) copy(part, run.as<float>() + done * width());
      else copy(part, run.as<double>() + done * width());
      done += part.rows;
    }
    at_ += count;
    return {from_tensor(run)};
  }

  void reset() override {
    tables_ = csv_table_source(path_, options_);
    at_ = 0;
  }

 private:
  void tell(const std::vector<std::string>& odd, const std::vector<std::string>& left_out,
            const Warn& warn) const {
    for (const std::string& warning : odd) warn(warning);
    if (!left_out.empty())
      warn(fmt::format("{}: left out, since they hold texts: '{}'", path_,
                       fmt::join(left_out, "', '")));
  }
  int64_t width() const { return static_cast<int64_t>(chosen_.size()); }

  template <class T>
  void copy(const Table& part, T* to) const {
    for (const std::size_t c : chosen_)
      if (part.columns[c].is_text) part_changed();
    parallel_for(part.rows, 1024, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row)
        for (std::size_t k = 0; k < chosen_.size(); ++k)
          to[row * width() + static_cast<int64_t>(k)] =
              static_cast<T>(part.columns[chosen_[k]].numbers[static_cast<std::size_t>(row)]);
    });
  }
  [[noreturn]] void part_changed() const {
    throw DataError(fmt::format("{}: was changed while being read", path_), path_);
  }

  const std::string path_;
  CsvOptions options_;
  const DType dtype_;
  int64_t rows_ = 0, at_ = 0;
  std::vector<std::size_t> chosen_;  // which columns hold numbers
  std::unique_ptr<TableSource> tables_;
};

}  // namespace

std::unique_ptr<Source> csv_source(const std::string& path, const CsvOptions& options, DType dtype,
                                   const Warn& warn) {
  if (!is_float(dtype)) throw ValueError("csv_source gives float32 or float64");
  if (path == "-")
    throw ValueError("csv_source reads a file twice, which the standard input can't be");
  refuse_pipe(path);
  return std::make_unique<CsvSource>(path, options, dtype, warn);
}

std::unique_ptr<Source> open_source(const std::string& name, const SourceOptions& options) {
  if (const auto [file, array] = file_and_array(name); file != name)
    return npz_source(file, array, options.npy);
  if (name.ends_with(".npy")) return npy_source(name, options.npy);
  if (name.ends_with(".npz"))
    throw ValueError(
        fmt::format("'{}' holds several arrays; name one of them, as in {}:x", name, name));
  return csv_source(name, options.csv, options.npy.dtype.value_or(options.csv_dtype), options.warn);
}

}  // namespace lanewise
