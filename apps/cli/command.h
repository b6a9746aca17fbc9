// A command: a row of the table in main.cc, flags and what runs when they are read.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "cli/command_line.h"
#include "cli/output.h"

namespace lanewise::cli {

// Exit codes; those of errors stand in error_kinds().
inline constexpr int kDone = 0, kFailed = 1, kWrongUsage = 2;

// Wrong flags; exit code 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Called once the flags are read; returns the exit code.
using Run = std::function<int(Output&)>;

struct Command {
  std::string_view name;
  std::string_view summary;
  Run (*add)(CommandLine& line);  // declares flags; what it returns owns their values
};

Run add_train(CommandLine& line);
Run add_prune(CommandLine& line);
Run add_predict(CommandLine& line);
Run add_evaluate(CommandLine& line);
Run add_normalize(CommandLine& line);
Run add_neighbors(CommandLine& line);
Run add_cluster(CommandLine& line);
Run add_inspect(CommandLine& line);
Run add_explain(CommandLine& line);
Run add_cost(CommandLine& line);
Run add_generate(CommandLine& line);
Run add_plan(CommandLine& line);

}  // namespace lanewise::cli
