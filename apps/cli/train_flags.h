// Flags of lanewise train: every part of the recipe of docs/training.md has one.
#pragma once

#include <optional>
#include <string>

#include "cli/data_flags.h"

namespace lanewise::cli {

struct TrainFlags {
  std::string data, model, test, config;
  std::string log;
  bool quiet = false, quick = false;
  std::optional<double> validation;
  CsvFlags csv;
  TrainOptions options;

  // What --quick and --validation say, into `options`.
  // Errors: UsageError for a validation share of an ensemble.
  void settle();
};

// Declares them; `flags` must outlive the parse.
void add_train_flags(CLI::App& app, TrainFlags& flags);

}  // namespace lanewise::cli
