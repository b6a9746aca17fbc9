// Flags that say how a data file is read, the same for every command that reads one.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "cli/output.h"
#include "lanewise/data.h"

namespace lanewise::cli {

// Declares --separator, --header, --no-header, --missing; all set `options`.
void add_csv_flags(CLI::App& app, CsvOptions& options);
// Declares --threads and --executor; they take effect at once.
void add_run_flags(CLI::App& app);

// Reads a table and tells its warnings.  Errors: as read_csv.
Table read_table(const std::string& path, const CsvOptions& options, const Output& output);

// Tells of values of categories that the model doesn't know.
void warn_of_unseen(const std::map<std::string, int64_t>& unseen, const Output& output);

}  // namespace lanewise::cli
