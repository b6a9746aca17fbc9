// What the sources of tables share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lanewise/data.h"

namespace lanewise {

inline constexpr std::size_t kTextBlock = std::size_t{16} << 20;  // of a CSV file, parsed at a time

std::unique_ptr<TableSource> csv_table_source(const std::string& path, const CsvOptions& options,
                                              std::size_t block = kTextBlock);

// Arrays whose rows come from sources, each with its name; named: the columns are.
struct NamedSource {
  std::string name;
  std::unique_ptr<Source> source;
};
std::unique_ptr<TableSource> array_table_source(std::vector<NamedSource> arrays,
                                                const CsvOptions& options, const std::string& path,
                                                bool named);
std::string infinite_warning(const std::string& column, int64_t count);

// Parts of at most `count` rows of a table that is there.
class TableParts {
 public:
  bool done() const { return at_ >= table_.rows; }
  void take(Table table);
  Table next(int64_t count);

 private:
  Table table_;
  int64_t at_ = 0;
};

}  // namespace lanewise
