// Epochs of shuffled mini-batches in one Session, for one network or several.
#pragma once

#include <optional>
#include <vector>

#include "lanewise/nn.h"
#include "nn/fit_windows.h"

namespace lanewise::nn {

// Errors: ValueError for options out of range.
int64_t rows_of_a_step(const BatchOptions& options, int64_t rows);

// As fit_ensembles(), which has checked what it takes.
std::vector<EnsembleResult> run_training(std::vector<Ensemble> ensembles, FitWindows train,
                                         std::optional<FitWindows> validation,
                                         const BatchOptions& options);

}  // namespace lanewise::nn
