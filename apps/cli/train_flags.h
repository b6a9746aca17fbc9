// Flags of lanewise train: every part of the recipe of docs/training.md has one.
#pragma once

#include <string>

#include "cli/data_flags.h"

namespace lanewise::cli {

struct TrainFlags {
  std::string data, model, test, config;
  bool quiet = false;
  CsvFlags csv;
  TrainOptions options;
};

// Declares them; `flags` must outlive the parse.
void add_train_flags(CLI::App& app, TrainFlags& flags);

}  // namespace lanewise::cli
