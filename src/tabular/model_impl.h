// What a model is made of.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lanewise/runtime.h"
#include "lanewise/tabular.h"

namespace lanewise {

struct Model::Impl {
  TargetInfo target;
  Preprocessor preprocessor;
  nn::Sequential network;
  std::vector<std::vector<nn::Parameter>> members;
  std::vector<Array> values;  // of the parameters of each member in turn
  std::map<std::string, Metrics> metrics;
  Predictor predictor;  // features -> probabilities, or target units

  Impl(TargetInfo target, Preprocessor preprocessor, nn::Sequential network,
       std::vector<std::vector<nn::Parameter>> members, std::map<std::string, Metrics> metrics);
};

// Metrics of predictions for the rows of `target`; and those of the trivial
// predictor that knows only the training targets.
Metrics score(const TargetInfo& info, const Prediction& prediction,
              std::span<const int32_t> classes, std::span<const double> values);
Prediction trivial_prediction(const TargetInfo& info, std::span<const int32_t> train_classes,
                              std::span<const double> train_values, int64_t rows);

}  // namespace lanewise
