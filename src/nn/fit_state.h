// Where training stands, and as a FitState that can be stored.
#pragma once

#include <string>
#include <vector>

#include "lanewise/nn.h"

namespace lanewise::nn {

struct Standing {
  int epoch = 1;                      // at hand
  int64_t epoch_steps = 0;            // done in it
  int64_t steps = 0;                  // done in all
  std::vector<double> sums;           // of the metrics of these steps of the epoch
  double seconds = 0;                 // since training began
  std::vector<int> members;           // in training
  std::vector<Array> state;           // of the session, theirs
  Generator generator;                // before it drew the epoch's order
  EnsembleResult result;              // so far
  std::vector<std::string> failures;  // of each ensemble, see EnsembleResult
};

FitState stored(const Standing& standing);
// Errors: DataError for what stored() did not give.
Standing standing_from(const FitState& state);

}  // namespace lanewise::nn
