// Flags that name something with options of its own: "huber:1.5", "momentum:momentum=0.8,nesterov".
#pragma once

#include <string>

#include "lanewise/tabular.h"

namespace lanewise::cli {

// A comma may stand for the colon, so that a sweep can name options, too.
// Errors: UsageError naming what there is; ValueError for values out of range.
void read_loss(const std::string& text, TrainOptions& options);
void read_optimizer(const std::string& text, OptimizerOptions& options);
// "balanced", or LABEL=WEIGHT.
void read_class_weight(const std::string& text, TrainOptions& options);

}  // namespace lanewise::cli
