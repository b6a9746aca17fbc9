// A command: a row of the table in main.cc, flags and what runs when they are read.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

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
  Run (*add)(CLI::App& app);  // declares flags; what it returns owns their values
};

Run add_train(CLI::App& app);
Run add_prune(CLI::App& app);
Run add_predict(CLI::App& app);
Run add_evaluate(CLI::App& app);
Run add_normalize(CLI::App& app);
Run add_neighbors(CLI::App& app);
Run add_cluster(CLI::App& app);
Run add_inspect(CLI::App& app);
Run add_explain(CLI::App& app);
Run add_cost(CLI::App& app);
Run add_generate(CLI::App& app);
Run add_plan(CLI::App& app);

}  // namespace lanewise::cli
