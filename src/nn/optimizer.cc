// Optimisers: a table of update rules. Each follows PyTorch's formula.
//
//   g: gradient   p: parameter   m, v: moments   η: rate   t: step   λ: weight decay
#include <algorithm>
#include <cmath>

#include "lanewise/ops.h"
#include "lanewise/optim.h"
#include "nn/names.h"

namespace lanewise {
namespace {

// The numbers of one step, float64.
struct StepNumbers {
  Array rate;  // η
  Array t;
};

// Rewrites one parameter and its moments.
using Update = void (*)(const OptimizerOptions& options, const StepNumbers& numbers, const Array& g,
                        Array& p, std::span<Array> moments);

// p ← p − η·g
void sgd(const OptimizerOptions&, const StepNumbers& numbers, const Array& g, Array& p,
         std::span<Array>) {
  p = p - astype(numbers.rate, p.dtype()) * g;
}

// m ← µ·m + g;  p ← p − η·m
void momentum(const OptimizerOptions& options, const StepNumbers& numbers, const Array& g, Array& p,
              std::span<Array> moments) {
  Array& m = moments[0];
  m = options.momentum * m + g;
  p = p - astype(numbers.rate, p.dtype()) * m;
}

// m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²
// p ← p − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
// The moments start at zero; dividing by 1 − βᵗ removes that bias.
void adam(const OptimizerOptions& options, const StepNumbers& numbers, const Array& g, Array& p,
          std::span<Array> moments) {
  const double b1 = options.beta1, b2 = options.beta2;
  Array &m = moments[0], &v = moments[1];
  m = b1 * m + (1 - b1) * g;
  v = b2 * v + (1 - b2) * square(g);
  const Array size = astype(numbers.rate / (1 - power(b1, numbers.t)), p.dtype());
  const Array spread = astype(1 / sqrt(1 - power(b2, numbers.t)), p.dtype());
  p = p - size * m / (sqrt(v) * spread + options.epsilon);
}

// p ← p·(1 − η·λ), then as Adam.  Source: Loshchilov & Hutter 2019, algorithm 2.
void adamw(const OptimizerOptions& options, const StepNumbers& numbers, const Array& g, Array& p,
           std::span<Array> moments) {
  if (options.weight_decay != 0) p = p * astype(1 - numbers.rate * options.weight_decay, p.dtype());
  adam(options, numbers, g, p, moments);
}

struct Row {
  OptimizerKind value;
  std::string_view name;
  std::size_t moments;  // a parameter
  bool decoupled;       // weight decay is part of the update, not of the gradient
  Update update;
};

const Row kOptimizers[] = {
    {OptimizerKind::sgd, "sgd", 0, false, sgd},
    {OptimizerKind::momentum, "momentum", 1, false, momentum},
    {OptimizerKind::adam, "adam", 2, false, adam},
    {OptimizerKind::adamw, "adamw", 2, true, adamw},
};

// As torch.nn.utils.clip_grad_norm_.
void clip_jointly(std::vector<Array>& gradients, double clip_norm) {
  Array total(0.0);
  for (const Array& g : gradients) total = total + sum(square(g));
  const Array factor = minimum(clip_norm / (sqrt(total) + 1e-6), 1.0);
  for (Array& g : gradients) g = g * astype(factor, g.dtype());
}

void check_counts(const Row& row, std::size_t parameters, std::size_t gradients,
                  std::size_t state) {
  if (gradients != parameters)
    throw ValueError(
        fmt::format("optimizer_update: {} gradients for {} parameters", gradients, parameters));
  if (state != parameters * row.moments)
    throw ValueError(fmt::format("optimizer_update: {} arrays of state, expected {} of {}", state,
                                 parameters * row.moments, row.name));
}

}  // namespace

std::string_view name(OptimizerKind kind) { return row_of(kOptimizers, kind).name; }
OptimizerKind optimizer_from_name(std::string_view name) {
  return row_named(kOptimizers, "optimizer", name).value;
}

std::vector<Array> optimizer_state(const OptimizerOptions& options,
                                   std::span<const Array> parameters) {
  std::vector<Array> state;
  for (const Array& p : parameters)
    for (std::size_t k = 0; k < row_of(kOptimizers, options.kind).moments; ++k)
      state.push_back(zeros(p.shape(), p.dtype()));
  return state;
}

OptimizerUpdate optimizer_update(const OptimizerOptions& options, std::span<const Array> parameters,
                                 std::span<const Array> gradients, std::span<const Array> state,
                                 const Array& rate, const Array& step) {
  const Row& row = row_of(kOptimizers, options.kind);
  check_counts(row, parameters.size(), gradients.size(), state.size());
  OptimizerUpdate result{{parameters.begin(), parameters.end()}, {state.begin(), state.end()}};
  std::vector<Array> g(gradients.begin(), gradients.end());
  if (options.clip_norm > 0) clip_jointly(g, options.clip_norm);
  const StepNumbers numbers{astype(rate, DType::float64), astype(step, DType::float64)};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Array& p = result.parameters[i];
    if (options.weight_decay != 0 && !row.decoupled) g[i] = g[i] + options.weight_decay * p;
    const std::span<Array> moments(result.state);
    row.update(options, numbers, g[i], p, moments.subspan(i * row.moments, row.moments));
  }
  return result;
}

void OptimizerOptions::validate() const {
  const auto check = [](bool ok, std::string_view field, double value, std::string_view expected) {
    if (!ok || !std::isfinite(value))
      throw ValueError(fmt::format("{} is {}, expected {}", field, value, expected));
  };
  check(learning_rate > 0, "learning_rate", learning_rate, "a number > 0");
  check(momentum >= 0 && momentum < 1, "momentum", momentum, "0 ≤ momentum < 1");
  check(beta1 >= 0 && beta1 < 1, "beta1", beta1, "0 ≤ beta1 < 1");
  check(beta2 >= 0 && beta2 < 1, "beta2", beta2, "0 ≤ beta2 < 1");
  check(epsilon > 0, "epsilon", epsilon, "a number > 0");
  check(weight_decay >= 0, "weight_decay", weight_decay, "a number ≥ 0");
  check(clip_norm >= 0, "clip_norm", clip_norm, "a number ≥ 0 (0: off)");
  const auto warmup = static_cast<double>(warmup_steps), total = static_cast<double>(total_steps);
  check(warmup >= 0, "warmup_steps", warmup, "0 or more");
  check(total >= 0, "total_steps", total, "0 or more");
  check(schedule == ScheduleKind::constant || total == 0 || total > warmup, "total_steps", total,
        "more than warmup_steps for this schedule, or 0");
}

}  // namespace lanewise
