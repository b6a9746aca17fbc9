// Flags that say how a data file is read, and what runs; the same for every command that takes
// them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/output.h"
#include "lanewise/data.h"
#include "lanewise/tabular.h"

namespace lanewise::cli {

struct CsvFlags {
  char separator = 0;
  std::optional<bool> header;
  std::vector<std::string> missing;  // beside those known

  CsvOptions over(CsvOptions options) const;  // `options`, with what these flags say
};

// Declares --separator, --header, --no-header, --missing.
void add_csv_flags(CommandLine& line, CsvFlags& flags);
// Declares --axis, how a file of samples lies.
void add_axis_flag(CommandLine& line, bool& features_first);
// Declares --threads and --executor; they take effect at once.
void add_run_flags(CommandLine& line);

// Samples of any number: .npy, a pattern of such, ARCHIVE.npz:ARRAY or CSV, whose numbers have all
// their digits. Tells what is odd about CSV.
std::unique_ptr<Source> open_samples(const std::string& name, bool features_first,
                                     const CsvFlags& csv, const Output& output);

// Reads a table (CSV, .npy, .npz) and tells its warnings.  Errors: as lanewise::read_table.
Table open_table(const std::string& path, const CsvOptions& options, const Output& output);

// A table for a trained model: read as the model needs it; where the file holds
// no names and has as many columns as the model has inputs, it gets theirs.
Table open_table_for(const Model& model, const std::string& path, const CsvFlags& flags,
                     const Output& output);

// The same in parts, made ahead by a thread of their own.
std::unique_ptr<TableSource> open_tables_for(const Model& model, const std::string& path,
                                             const CsvFlags& flags);

// What a data file is called in messages.
std::string name_of_data(const std::string& path);

// Tells what is odd about the rows so far.
void warn_of_rows(const TableSource& tables, const Output& output);
// Tells of values of categories that the model doesn't know.
void warn_of_unseen(const std::map<std::string, int64_t>& unseen, const Output& output);

}  // namespace lanewise::cli
