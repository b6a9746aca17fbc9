// Epochs of shuffled mini-batches in one Session, for one network or several.
#pragma once

#include <optional>
#include <vector>

#include "lanewise/nn.h"
#include "nn/fit_windows.h"

namespace lanewise::nn {

// Errors: ValueError for options out of range.
int64_t rows_of_a_step(const FitOptions& options, int64_t rows);

// As fit_ensemble(), which has checked what it takes.
EnsembleResult run_training(const Sequential& network,
                            const std::vector<std::vector<Array>>& parameters, FitWindows train,
                            std::optional<FitWindows> validation, const FitOptions& options);

}  // namespace lanewise::nn
