// What training does unless told otherwise (docs/training.md), whether the rows are in memory or
// not.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "lanewise/tabular.h"

namespace lanewise {

void validate(const TrainOptions& options);  // Errors: ValueError naming what is out of range

nn::Sequential make_network(const TrainOptions& options, const TargetInfo& target,
                            int64_t features);

// What depends on the number of training rows, unless told.
void follow_recipe(const TrainOptions& options, TrainPlan& plan);

using Fit = std::function<std::vector<nn::EnsembleResult>(std::vector<nn::Ensemble> ensembles,
                                                          const nn::BatchOptions& options)>;
// Calls `fit` with the networks of each plan, which start elsewhere than the others of theirs, and
// what they share. Checkpoints are those of the run that `fingerprint` tells.
std::vector<nn::EnsembleResult> fit_as_planned(std::span<const TrainOptions> all,
                                               std::span<const TrainPlan> plans,
                                               const std::function<nlohmann::json()>& fingerprint,
                                               const Fit& fit);

std::vector<std::vector<Array>> parameters_of(const nn::EnsembleResult& fit);  // of each network

// The model of networks with these values each.
Model model_of(const TrainPlan& plan, const std::vector<std::vector<Array>>& members,
               std::map<std::string, Metrics> metrics = {});
TrainResult result_of(nn::EnsembleResult fit, TrainPlan plan,
                      std::map<std::string, Metrics> metrics);

}  // namespace lanewise
