#include "cli/summaries.h"

#include <algorithm>

#include "base/thread_pool.h"
#include "data/file_names.h"
#include "data/npy_source.h"
#include "lanewise/error.h"

namespace lanewise::cli {
namespace {

constexpr int64_t kRun = 2 << 20;  // elements: 16 MiB of float64

void add(NumberSummary& numbers, const Array& values) {
  const Array doubles = values.astype(DType::float64);
  numbers.add({doubles.data<double>(), static_cast<std::size_t>(doubles.size())});
}

// In row-major order, however they lie: that decides the last bits of a sum.
NumberSummary numbers_of(std::unique_ptr<Source> source, Meter& meter) {
  const int64_t samples = *source->length(), features = element_count(source->row_shapes()[0]);
  const int64_t run = std::max<int64_t>(1, kRun / std::max<int64_t>(1, features));
  const auto ahead = read_ahead(std::move(source), 1);
  const auto runs = metered(*ahead, meter, "reading");
  NumberSummary numbers;
  runs->reset();
  for (int64_t done = 0; done < samples; done += run) {
    const Array values = runs->pull(run)[0];
    add(numbers, runs->sample_axis() == 0 ? values : values.T());
  }
  return numbers;
}

ArraySummary summary_of(std::unique_ptr<Source> source, Meter& meter) {
  const DType dtype = source->dtypes()[0];
  Shape shape = source->row_shapes()[0];
  shape.insert(0, *source->length());
  return {dtype, shape, numbers_of(std::move(source), meter)};
}

ArraySummary summary_of(const Array& array) {
  ArraySummary summary{array.dtype(), array.shape(), {}};
  add(summary.numbers, array);
  return summary;
}

}  // namespace

void NumberSummary::add(std::span<const double> numbers) {
  NumberSummary all = *this;  // in registers
  for (const double x : numbers) {
    if (!std::isfinite(x)) continue;
    all.least = x >= all.least ? all.least : x;
    all.most = x <= all.most ? all.most : x;
    all.sum += x;
    ++all.finite;
  }
  all.not_finite += static_cast<int64_t>(numbers.size()) - (all.finite - finite);
  *this = all;
}

ArraySummary summary_of_npy(const std::string& path, Meter& meter) {
  if (is_pattern(path)) return summary_of(npy_source(path), meter);
  NpyPart part = npy_part(path);
  NpyHeader& header = part.header;
  const Shape shape = header.shape;
  if (header.fortran_order && shape.rank() > 2) return summary_of(load_npy(path));
  // One element a sample, so that not even a row must fit into memory.
  if (!header.fortran_order || shape.rank() < 2) header.shape = {header.count()};
  return {header.element.dtype, shape, numbers_of(source_of({part}, {}), meter)};
}

ArraySummary summary_of_npz(const std::string& path, const std::string& array, Meter& meter) {
  std::unique_ptr<Source> source;
  try {
    source = npz_source(path, array);
  } catch (const DataError&) {  // it has no axis of samples, or is damaged
    return summary_of(npz_array(path, array));
  }
  return summary_of(std::move(source), meter);
}

void ColumnSummary::add(const Column& part) {
  numbers_.add(part.numbers);
  for (const int32_t code : part.codes) {
    if (code < 0) continue;
    const auto place = static_cast<std::size_t>(code);
    if (place >= rows_.size()) rows_.resize(place + 1);
    ++rows_[place];
  }
}

std::vector<std::pair<int32_t, int64_t>> ColumnSummary::commonest(std::size_t most) const {
  std::vector<std::pair<int32_t, int64_t>> all;
  for (const int64_t rows : rows_) all.emplace_back(static_cast<int32_t>(all.size()), rows);
  most = std::min(most, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(most), all.end(),
                    [](const auto& a, const auto& b) {
                      return std::pair(-a.second, a.first) < std::pair(-b.second, b.first);
                    });
  all.resize(most);
  return all;
}

void TableSummary::add(const Table& part) {
  if (part.first_row == 0) columns_.assign(part.columns.size(), {});
  parallel_for(static_cast<int64_t>(columns_.size()), 1, [&](int64_t begin, int64_t end) {
    for (auto c = static_cast<std::size_t>(begin); c < static_cast<std::size_t>(end); ++c)
      columns_[c].add(part.columns[c]);
  });
}

}  // namespace lanewise::cli
