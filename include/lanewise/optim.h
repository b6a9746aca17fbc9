// Optimisers and learning-rate schedules, as array programs: an update is a
// pure function, so it can run inside a compiled step or a Session.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/array.h"

namespace lanewise {

enum class OptimizerKind : uint8_t { sgd, momentum, adam, adamw, rmsprop, adagrad };
std::string_view name(OptimizerKind kind);
OptimizerKind optimizer_from_name(
    std::string_view name);  // Errors: ValueError naming the known ones

enum class ScheduleKind : uint8_t { constant, cosine };
std::string_view name(ScheduleKind kind);
ScheduleKind schedule_from_name(std::string_view name);

// Every rule is PyTorch's, as torch.optim.SGD, Adam, AdamW, RMSprop and Adagrad have it.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adamw;
  double learning_rate = 1e-3;
  // momentum: m ← momentum·m + (1 − dampening)·g; the first step takes g whole. With nesterov
  // the step goes along g + momentum·m (Sutskever et al. 2013).
  double momentum = 0.9, dampening = 0;
  bool nesterov = false;
  double beta1 = 0.9, beta2 = 0.999;  // Adam, AdamW: Kingma & Ba 2015
  bool amsgrad = false;   // Adam, AdamW: by the largest second moment so far (Reddi et al. 2018)
  double epsilon = 1e-8;  // Adam, AdamW, RMSprop, Adagrad: beside the square root
  double alpha = 0.99;    // RMSprop: decay of the mean square (Hinton 2012)
  bool centered = false;  // RMSprop: by the variance instead of the mean square (Graves 2013)
  double rmsprop_momentum = 0;  // RMSprop: of its scaled gradients
  // AdamW: decoupled, times the rate (Loshchilov & Hutter 2019); others: L2, added to the gradient.
  double weight_decay = 0;
  // Of weight_decay, one a parameter; none: all of it for every parameter. See nn::decay_factors.
  std::vector<double> decay_factors;
  double clip_norm = 0;  // gradients scaled to at most this joint norm; 0: off
  ScheduleKind schedule = ScheduleKind::constant;
  int64_t warmup_steps = 0;  // the rate grows linearly from 0
  int64_t total_steps = 0;   // cosine: reaches 0 here; 0: at the end of fit()
  void validate() const;     // Errors: ValueError naming the field
};

// The rate of step `step` (from 1).
double learning_rate_at(const OptimizerOptions& options, int64_t step);

// The moments that an optimiser keeps for `parameters`: zeros, in the order
// that update() takes them.
std::vector<Array> optimizer_state(const OptimizerOptions& options,
                                   std::span<const Array> parameters);

struct OptimizerUpdate {
  std::vector<Array> parameters;
  std::vector<Array> state;
};
// One update. `rate` and `step` (from 1) are scalars that change from step to step.
// Errors: ValueError for other numbers of arrays, ShapeError for another shape than the
// parameter's.
OptimizerUpdate optimizer_update(const OptimizerOptions& options, std::span<const Array> parameters,
                                 std::span<const Array> gradients, std::span<const Array> state,
                                 const Array& rate, const Array& step);

}  // namespace lanewise
