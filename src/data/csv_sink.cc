// Rows of numbers to a CSV file; a block of rows is formatted by all threads.
#include <fmt/format.h>

#include <cmath>

#include "base/tensor.h"
#include "base/thread_pool.h"
#include "io/atomic_file.h"
#include "io/row_major.h"
#include "lanewise/data.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

constexpr int64_t kRowsOfAPiece = 256;

class CsvSink : public Sink {
 public:
  CsvSink(const std::string& path, const std::vector<std::string>& columns)
      : file_(path), width_(static_cast<int64_t>(columns.size())) {
    std::string header;
    for (const std::string& name : columns) header += (header.empty() ? "" : ",") + csv_quote(name);
    header += "\n";
    file_.write(header.data(), static_cast<int64_t>(header.size()));
  }

  void push(std::span<const Array> rows) override {
    if (rows.size() != 1 || rows[0].rank() != 2 || rows[0].shape(1) != width_ ||
        rows[0].dtype() != DType::float32)
      throw ValueError(fmt::format("csv_sink: expected one float32 array (m, {})", width_));
    const Tensor values = row_major(rows[0].tensor());
    const int64_t count = values.shape[0], pieces = (count + kRowsOfAPiece - 1) / kRowsOfAPiece;
    std::vector<fmt::memory_buffer> texts(static_cast<std::size_t>(pieces));
    parallel_for(pieces, 1, [&](int64_t from, int64_t to) {
      for (int64_t piece = from; piece < to; ++piece) {
        const int64_t first = piece * kRowsOfAPiece, last = std::min(first + kRowsOfAPiece, count);
        for (int64_t row = first; row < last; ++row)
          write_row(values.as<float>() + row * width_, texts[static_cast<std::size_t>(piece)]);
      }
    });
    for (const fmt::memory_buffer& text : texts)
      file_.write(text.data(), static_cast<int64_t>(text.size()));
  }
  void close() override { file_.commit(); }

 private:
  void write_row(const float* row, fmt::memory_buffer& text) const {
    for (int64_t j = 0; j < width_; ++j) {
      if (!std::isnan(row[j])) fmt::format_to(std::back_inserter(text), "{}", row[j]);
      text.push_back(j + 1 < width_ ? ',' : '\n');
    }
  }

  AtomicFile file_;
  int64_t width_;
};

}  // namespace

std::unique_ptr<Sink> csv_sink(const std::string& path, const std::vector<std::string>& columns) {
  return std::make_unique<CsvSink>(path, columns);
}

}  // namespace lanewise
