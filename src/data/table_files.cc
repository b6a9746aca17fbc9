// Tables from files, which are told apart by their first bytes: at once, in parts, or only what
// columns there are.
#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unordered_map>

#include "data/column_types.h"
#include "data/file_names.h"
#include "data/npy_source.h"
#include "data/table_source.h"

namespace lanewise {
namespace {

enum class Kind : uint8_t { npy, npz, csv };

Kind kind_of(const std::string& path) {
  if (is_pattern(path)) return Kind::npy;
  std::error_code ignored;  // a pipe must not be opened before it is read
  if (!std::filesystem::is_regular_file(path, ignored)) return Kind::csv;
  std::string head(6, '\0');
  std::ifstream(path, std::ios::binary).read(head.data(), 6);
  if (head == "\x93NUMPY") return Kind::npy;
  return head.starts_with("PK\x03\x04") ? Kind::npz : Kind::csv;
}

// A column of which parts come one after the other.
class ColumnFinder {
 public:
  explicit ColumnFinder(const Column& first) : name_(first.name), numbers_(first.name) {}

  // The codes of `part` become those of the whole.
  void add(Column& part) {
    missing_ += part.missing;
    infinite_ += part.infinite;
    (part.is_text ? has_text_ : has_numbers_) = true;
    texts_ += static_cast<int64_t>(part.codes.size());
    numbers_.add(part.numbers);
    std::vector<int32_t> codes;
    for (std::string& word : part.dictionary) codes.push_back(code_of(std::move(word)));
    part.dictionary.clear();
    for (int32_t& code : part.codes)
      if (code >= 0) code = codes[static_cast<std::size_t>(code)];
  }
  // Its numbers have lost how they were written.
  bool must_be_read_as_text() const { return has_text_ && has_numbers_; }

  Column result(const CsvOptions& options) && {
    Column column;
    column.name = name_;
    column.is_text = has_text_;
    column.missing = missing_;
    column.infinite = infinite_;
    known_.clear();
    column.dictionary.assign(std::make_move_iterator(dictionary_.begin()),
                             std::make_move_iterator(dictionary_.end()));
    if (const auto type = options.types.find(name_); type != options.types.end())
      column.type = type->second;
    else
      column.type = has_text_ ? infer_text_type(column.dictionary, texts_ - missing_, missing_)
                              : numbers_.type();
    return column;
  }

 private:
  int32_t code_of(std::string word) {
    if (const auto known = known_.find(word); known != known_.end()) return known->second;
    const auto code = static_cast<int32_t>(dictionary_.size());
    known_.emplace(dictionary_.emplace_back(std::move(word)), code);
    return code;
  }

  std::string name_;
  NumberType numbers_;
  std::deque<std::string> dictionary_;  // whose words stay where they are
  std::unordered_map<std::string_view, int32_t> known_;
  int64_t missing_ = 0, infinite_ = 0, texts_ = 0;
  bool has_text_ = false, has_numbers_ = false;
};

}  // namespace

std::unique_ptr<TableSource> table_source(const std::string& path, const CsvOptions& options) {
  const Kind kind = kind_of(path);
  if (kind == Kind::csv) return csv_table_source(path, options);
  std::vector<NamedSource> arrays;
  if (kind == Kind::npy) arrays.push_back({"column", npy_source(path)});
  else
    for (const std::string& name : arrays_of(path))
      arrays.push_back({name, npz_source(path, name)});
  return array_table_source(std::move(arrays), options, path, kind == Kind::npz);
}

Table read_columns(const std::string& path, const CsvOptions& options,
                   const std::function<void(const Table&)>& see) {
  // All threads parse CSV; what arrays hold is made ahead.
  auto source = table_source(path, options);
  if (kind_of(path) != Kind::csv) source = read_ahead(std::move(source));
  std::vector<ColumnFinder> finders;
  Table all;
  for (Table part = source->pull(INT64_MAX); part.rows > 0; part = source->pull(INT64_MAX)) {
    if (finders.empty())
      for (const Column& column : part.columns) finders.emplace_back(column);
    for (std::size_t c = 0; c < finders.size(); ++c) finders[c].add(part.columns[c]);
    if (see) see(part);
    all.rows += part.rows;
    all.source = part.source;
    all.named = part.named;
    all.missing_texts = part.missing_texts;
  }
  for (ColumnFinder& finder : finders) all.columns.push_back(std::move(finder).result(options));
  all.warnings = source->warnings();
  CsvOptions again = options;
  for (std::size_t c = 0; c < finders.size(); ++c)
    if (finders[c].must_be_read_as_text()) again.as_text.push_back(all.columns[c].name);
  if (again.as_text.size() > options.as_text.size())
    all.columns = read_columns(path, again, see).columns;
  return all;
}

Table read_table(const std::string& path, const CsvOptions& options) {
  switch (kind_of(path)) {
    case Kind::csv: return read_csv(path, options);
    case Kind::npz: return table_from_arrays(load_npz(path), options, path);
    case Kind::npy: break;
  }
  const auto source = npy_source(path);
  const Array samples = source->pull(*source->length())[0];
  const Array rows = source->sample_axis() == 0 ? samples : samples.T();
  Table table = table_from_arrays({{"column", rows}}, options, path);
  table.named = false;
  return table;
}

}  // namespace lanewise
