// The rows of arrays as those of a table.
#include <fmt/format.h>

#include <algorithm>

#include "data/table_source.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

constexpr int64_t kPartBytes = 8 << 20;

class ArrayTableSource : public TableSource {
 public:
  ArrayTableSource(std::vector<NamedSource> arrays, const CsvOptions& options,
                   const std::string& path, bool named)
      : arrays_(std::move(arrays)), options_(options), path_(path), named_(named) {
    int64_t columns = 1;
    for (const NamedSource& a : arrays_) columns += element_count(a.source->row_shapes()[0]);
    part_rows_ = std::max<int64_t>(1, kPartBytes / 8 / columns);
    check_lengths();
  }

  Table pull(int64_t count) override {
    count = std::min({count, part_rows_, length() - at_});
    if (count <= 0) return {};
    std::map<std::string, Array> runs;
    for (const NamedSource& a : arrays_) {
      const Array run = a.source->pull(count)[0];
      runs.emplace(a.name, a.source->sample_axis() == 0 ? run : run.T());
    }
    Table table = table_from_arrays(runs, options_, path_);
    table.named = named_;
    table.first_row = at_;
    at_ += count;
    for (const Column& c : table.columns) infinite_[c.name] += c.infinite;
    return table;
  }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> all;
    for (const auto& [column, count] : infinite_)
      if (count > 0) all.push_back(infinite_warning(column, count));
    return all;
  }

 private:
  int64_t length() const { return *arrays_[0].source->length(); }

  void check_lengths() const {
    if (arrays_.empty() || length() == 0) throw DataError(fmt::format("{}: no rows", path_), path_);
    for (const NamedSource& a : arrays_)
      if (a.source->length() != length())
        throw DataError(fmt::format("{}: '{}' has {} rows, the arrays before it have {}", path_,
                                    a.name, *a.source->length(), length()),
                        path_);
  }

  const std::vector<NamedSource> arrays_;
  const CsvOptions options_;
  const std::string path_;
  const bool named_;
  int64_t part_rows_ = 0, at_ = 0;
  std::map<std::string, int64_t> infinite_;
};

}  // namespace

std::unique_ptr<TableSource> array_table_source(std::vector<NamedSource> arrays,
                                                const CsvOptions& options, const std::string& path,
                                                bool named) {
  return std::make_unique<ArrayTableSource>(std::move(arrays), options, path, named);
}

}  // namespace lanewise
