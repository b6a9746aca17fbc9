// Flags that name something with options of its own: "huber:1.5", "momentum:momentum=0.8,nesterov".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lanewise/tabular.h"

namespace lanewise::cli {

// A comma may stand for the colon, so that a sweep can name options, too.
// Errors: UsageError naming what there is; ValueError for values out of range.
void read_loss(const std::string& text, TrainOptions& options);
void read_optimizer(const std::string& text, OptimizerOptions& options);
// Flags that set one option of an optimizer.
inline constexpr std::string_view kOptimizerFlags[] = {"--momentum", "--beta1", "--beta2",
                                                       "--epsilon"};
std::string optimizers_with(std::string_view flag);  // "adam and adamw"
// Errors: UsageError where the flag changes none of `kinds`.
void refuse_without_effect(std::string_view flag, const std::vector<OptimizerKind>& kinds);
// "balanced", or LABEL=WEIGHT.
void read_class_weight(const std::string& text, TrainOptions& options);

}  // namespace lanewise::cli
