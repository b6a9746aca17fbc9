// What a model is made of.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lanewise/runtime.h"
#include "lanewise/tabular.h"
#include "tabular/target.h"

namespace lanewise {

struct Model::Impl {
  TargetInfo target;
  Objective objective;
  Preprocessor preprocessor;
  nn::Sequential network;
  std::vector<std::vector<nn::Parameter>> members;
  std::vector<Array> values;  // of the parameters of each member in turn
  std::map<std::string, Metrics> metrics;
  Predictor predictor;  // features -> probabilities, or the standardised target

  Impl(TargetInfo target, Objective objective, Preprocessor preprocessor, nn::Sequential network,
       std::vector<std::vector<nn::Parameter>> members, std::map<std::string, Metrics> metrics);

  // In double precision: a mean far from 0 would cost float32 the digits that tell rows apart.
  double in_target_units(double standardised) const {
    return standardised * target.scale + target.mean;
  }
};

// Metrics of predictions for the rows of `target`.
Metrics score(const TargetInfo& info, const Prediction& prediction,
              std::span<const int32_t> classes, std::span<const double> values);

// Those of `which` rows, beside those of the trivial predictor, which knows the shares of the
// classes, or the mean, of the training rows alone.
void add_scores(std::map<std::string, Metrics>& metrics, const std::string& which,
                const TargetInfo& info, std::span<const double> class_shares,
                const Prediction& prediction, const TargetValues& truth);

}  // namespace lanewise
