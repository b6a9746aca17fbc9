// The rows of a CSV file, a block of its text at a time.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "data/csv_parser.h"
#include "data/table_source.h"
#include "data/text_blocks.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

constexpr std::size_t kLongestRow = std::size_t{1} << 28;

class CsvTableSource : public TableSource {
 public:
  CsvTableSource(const std::string& path, const CsvOptions& options, std::size_t block)
      : blocks_(path, block), parser_(options, blocks_.name()) {}

  Table pull(int64_t count) override {
    while (parts_.done() && !ended_) read_block();
    return parts_.next(count);
  }
  std::vector<std::string> warnings() const override { return parser_.warnings(); }

 private:
  void read_block() {
    std::string_view text = blocks_.text();
    if (!begun_) parser_.begin(text);
    begun_ = true;
    if (!blocks_.at_end()) text = text.substr(0, parser_.rows_end(text));
    if (text.empty() && !blocks_.at_end()) return grow();
    Table table = parser_.parse(text);
    blocks_.consume(text.size());
    rows_ += table.rows;
    ended_ = blocks_.at_end();
    if (ended_ && rows_ == 0)
      throw DataError(fmt::format("{}: no rows below the header", table.source), table.source, 1);
    parts_.take(std::move(table));
  }

  void grow() {
    if (blocks_.text().size() >= kLongestRow)
      throw DataError(fmt::format("{}: row {} has more than {} bytes; is a quote never closed?",
                                  blocks_.name(), rows_ + 1, kLongestRow),
                      blocks_.name());
    blocks_.grow();
  }

  TextBlocks blocks_;
  csv::Parser parser_;
  TableParts parts_;
  int64_t rows_ = 0;
  bool begun_ = false, ended_ = false;
};

}  // namespace

void TableParts::take(Table table) {
  table_ = std::move(table);
  at_ = 0;
}

Table TableParts::next(int64_t count) {
  const int64_t end = at_ + std::clamp<int64_t>(count, 0, table_.rows - at_);
  if (at_ == 0 && end == table_.rows) return std::exchange(table_, {});
  std::vector<int64_t> rows(static_cast<std::size_t>(end - at_));
  std::iota(rows.begin(), rows.end(), at_);
  Table part = table_.select_rows(rows);
  part.first_row = table_.first_row + at_;
  at_ = end;
  return part;
}

std::unique_ptr<TableSource> csv_table_source(const std::string& path, const CsvOptions& options,
                                              std::size_t block) {
  return std::make_unique<CsvTableSource>(path, options, block);
}

}  // namespace lanewise
