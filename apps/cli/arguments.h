// Reading a command's flags, from the command line and from --config.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace lanewise::cli {

// Reads `arguments` into the values that `app` declares. Where the command has
// a --config, flags of that JSON file follow; those of the command line win.
// Errors: UsageError with a suggestion; CLI::CallForHelp; IoError, DataError for the file.
void read_arguments(CLI::App& app, std::vector<std::string> arguments);

// Checks for add_option()->check(…), whose messages say what was expected.
CLI::Validator at_least(double least);
CLI::Validator above_zero();
CLI::Validator share();  // in [0, 1)

// 500ms, 30s, 5m, 1h.  Errors: UsageError naming the flag.
double seconds_from(const std::string& flag, const std::string& text);
// 512M, 2G: of 1024 each.  Errors: UsageError naming the flag.
int64_t bytes_from(const std::string& flag, const std::string& text);

}  // namespace lanewise::cli
