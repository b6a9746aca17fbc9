// Optimisers: a table of update rules. Each follows PyTorch's formula.
//
//   g: gradient   p: parameter   m, v: moments   η: rate   t: step   λ: weight decay
#include <algorithm>
#include <cmath>

#include "base/names.h"
#include "lanewise/ops.h"
#include "lanewise/optim.h"

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

// m ← µ·m + (1 − d)·g, at first g;  p ← p − η·m, Nesterov: p − η·(g + µ·m)
void momentum(const OptimizerOptions& options, const StepNumbers& numbers, const Array& g, Array& p,
              std::span<Array> moments) {
  const auto dampened = [&] {
    return astype(where(numbers.t > 1, 1 - options.dampening, 1.0), g.dtype()) * g;
  };
  Array& m = moments[0];
  m = options.momentum * m + (options.dampening == 0 ? g : dampened());
  sgd(options, numbers, options.nesterov ? g + options.momentum * m : m, p, {});
}

// decay·mean + (1 − decay)·x, as torch.lerp: from whichever end is nearer, so that a decay of 0
// gives x itself. All of it depends on x: nothing has to be kept while gradients are computed.
Array decayed(const Array& mean, const Array& x, double decay) {
  return decay > 0.5 ? mean + (1 - decay) * (x - mean) : x - decay * (x - mean);
}

// m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²;  AMSGrad: u ← max(u, v), else u = v
// p ← p − η / (1 − β₁ᵗ) · m / (√u / √(1 − β₂ᵗ) + ε)
// The moments start at zero; dividing by 1 − βᵗ removes that bias.
void adam(const OptimizerOptions& options, const StepNumbers& numbers, const Array& g, Array& p,
          std::span<Array> moments) {
  const double b1 = options.beta1, b2 = options.beta2;
  Array &m = moments[0], &v = moments[1];
  m = decayed(m, g, b1);
  v = decayed(v, square(g), b2);
  if (options.amsgrad) moments[2] = maximum(moments[2], v);
  const Array size = astype(numbers.rate / (1 - power(b1, numbers.t)), p.dtype());
  const Array spread = astype(1 / sqrt(1 - power(b2, numbers.t)), p.dtype());
  p = p - size * m / (sqrt(moments.back()) * spread + options.epsilon);
}

// v ← α·v + (1 − α)·g²;  s = √v + ε
// Centered: a ← α·a + (1 − α)·g;  s = √(v − a²) + ε, where rounding may not go below zero
// p ← p − η·g/s;  with momentum: m ← µ·m + g/s;  p ← p − η·m
void rmsprop(const OptimizerOptions& options, const StepNumbers& numbers, const Array& g, Array& p,
             std::span<Array> moments) {
  Array& v = moments[0];
  v = decayed(v, square(g), options.alpha);
  Array spread = v;
  if (options.centered) {
    Array& a = moments[1];
    a = decayed(a, g, options.alpha);
    spread = maximum(v - square(a), 0.0);
  }
  Array step = g / (sqrt(spread) + options.epsilon);
  if (options.rmsprop_momentum != 0) {
    Array& m = moments.back();
    step = m = options.rmsprop_momentum * m + step;
  }
  sgd(options, numbers, step, p, {});
}

// v ← v + g²;  p ← p − η·g / (√v + ε).  Source: Duchi et al. 2011.
void adagrad(const OptimizerOptions& options, const StepNumbers& numbers, const Array& g, Array& p,
             std::span<Array> moments) {
  Array& v = moments[0];
  v = v + square(g);
  sgd(options, numbers, g / (sqrt(v) + options.epsilon), p, {});
}

std::size_t no_moments(const OptimizerOptions&) { return 0; }
std::size_t one_moment(const OptimizerOptions&) { return 1; }
std::size_t adam_moments(const OptimizerOptions& options) { return options.amsgrad ? 3 : 2; }
std::size_t rmsprop_moments(const OptimizerOptions& options) {
  return std::size_t{1} + options.centered + (options.rmsprop_momentum != 0);
}

struct Row {
  OptimizerKind value;
  std::string_view name;
  std::size_t (*moments)(const OptimizerOptions& options);  // how many a parameter
  bool decoupled;  // weight decay shrinks the parameter, and adds nothing to the gradient
  Update update;
};

const Row kOptimizers[] = {
    {OptimizerKind::sgd, "sgd", no_moments, false, sgd},
    {OptimizerKind::momentum, "momentum", one_moment, false, momentum},
    {OptimizerKind::adam, "adam", adam_moments, false, adam},
    {OptimizerKind::adamw, "adamw", adam_moments, true, adam},
    {OptimizerKind::rmsprop, "rmsprop", rmsprop_moments, false, rmsprop},
    {OptimizerKind::adagrad, "adagrad", one_moment, false, adagrad},
};

// As torch.nn.utils.clip_grad_norm_.
void clip_jointly(std::vector<Array>& gradients, double clip_norm) {
  Array total(0.0);
  for (const Array& g : gradients) total = total + sum(square(g));
  const Array factor = minimum(clip_norm / (sqrt(total) + 1e-6), 1.0);
  for (Array& g : gradients) g = g * astype(factor, g.dtype());
}

double decay_of(const OptimizerOptions& options, std::size_t parameter) {
  if (options.decay_factors.empty()) return options.weight_decay;
  return options.weight_decay * options.decay_factors[parameter];
}

// Coupled: g ← g + λ·p.  Decoupled: p ← p·(1 − η·λ), Loshchilov & Hutter 2019, algorithm 2.
void decay(const Row& row, const StepNumbers& numbers, double weight_decay, Array& g, Array& p) {
  if (weight_decay == 0) return;
  if (row.decoupled) p = p * astype(1 - numbers.rate * weight_decay, p.dtype());
  else g = g + weight_decay * p;
}

void check_counts(const OptimizerOptions& options, std::size_t parameters, std::size_t gradients,
                  std::size_t state) {
  const Row& row = row_of(kOptimizers, options.kind);
  if (gradients != parameters)
    throw ValueError(
        fmt::format("optimizer_update: {} gradients for {} parameters", gradients, parameters));
  const std::size_t moments = parameters * row.moments(options);
  if (state != moments)
    throw ValueError(fmt::format("optimizer_update: {} arrays of state, expected {} of {}", state,
                                 moments, row.name));
  const std::size_t factors = options.decay_factors.size();
  if (factors != 0 && factors != parameters)
    throw ValueError(
        fmt::format("optimizer_update: {} decay_factors for {} parameters", factors, parameters));
}

// Broadcasting would give a parameter another shape.
void check_shape(const Array& parameter, const Array& beside, std::size_t number,
                 std::string_view what) {
  if (beside.shape() == parameter.shape()) return;
  throw ShapeError(fmt::format("optimizer_update: parameter {} has shape {}, but {} {}", number,
                               to_string(parameter.shape()), what, to_string(beside.shape())),
                   {"optimizer_update", {parameter.shape(), beside.shape()}, -1, 0, 0, ""});
}

}  // namespace

std::string_view name(OptimizerKind kind) { return row_of(kOptimizers, kind).name; }
OptimizerKind optimizer_from_name(std::string_view name) {
  return row_named(kOptimizers, "optimizer", name).value;
}

std::vector<Array> optimizer_state(const OptimizerOptions& options,
                                   std::span<const Array> parameters) {
  const std::size_t moments = row_of(kOptimizers, options.kind).moments(options);
  std::vector<Array> state;
  for (const Array& p : parameters)
    for (std::size_t k = 0; k < moments; ++k) state.push_back(zeros(p.shape(), p.dtype()));
  return state;
}

OptimizerUpdate optimizer_update(const OptimizerOptions& options, std::span<const Array> parameters,
                                 std::span<const Array> gradients, std::span<const Array> state,
                                 const Array& rate, const Array& step) {
  const Row& row = row_of(kOptimizers, options.kind);
  check_counts(options, parameters.size(), gradients.size(), state.size());
  const std::size_t moments = row.moments(options);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    check_shape(parameters[i], gradients[i], i, "its gradient");
    for (const Array& moment : state.subspan(i * moments, moments))
      check_shape(parameters[i], moment, i, "an array of its state");
  }
  OptimizerUpdate result{{parameters.begin(), parameters.end()}, {state.begin(), state.end()}};
  std::vector<Array> g(gradients.begin(), gradients.end());
  if (options.clip_norm > 0) clip_jointly(g, options.clip_norm);
  const StepNumbers numbers{astype(rate, DType::float64), astype(step, DType::float64)};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Array& p = result.parameters[i];
    decay(row, numbers, decay_of(options, i), g[i], p);
    row.update(options, numbers, g[i], p, std::span(result.state).subspan(i * moments, moments));
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
  check(dampening >= 0 && dampening < 1, "dampening", dampening, "0 ≤ dampening < 1");
  check(!nesterov || dampening == 0, "dampening", dampening, "0 with nesterov");
  check(beta1 >= 0 && beta1 < 1, "beta1", beta1, "0 ≤ beta1 < 1");
  check(beta2 >= 0 && beta2 < 1, "beta2", beta2, "0 ≤ beta2 < 1");
  check(alpha >= 0 && alpha < 1, "alpha", alpha, "0 ≤ alpha < 1");
  check(rmsprop_momentum >= 0 && rmsprop_momentum < 1, "rmsprop_momentum", rmsprop_momentum,
        "0 ≤ rmsprop_momentum < 1");
  check(epsilon > 0, "epsilon", epsilon, "a number > 0");
  check(weight_decay >= 0, "weight_decay", weight_decay, "a number ≥ 0");
  for (double factor : decay_factors) check(factor >= 0, "decay_factors", factor, "numbers ≥ 0");
  check(clip_norm >= 0, "clip_norm", clip_norm, "a number ≥ 0 (0: off)");
  const auto warmup = static_cast<double>(warmup_steps), total = static_cast<double>(total_steps);
  check(warmup >= 0, "warmup_steps", warmup, "0 or more");
  check(total >= 0, "total_steps", total, "0 or more");
  check(schedule == ScheduleKind::constant || total == 0 || total > warmup, "warmup_steps", warmup,
        fmt::format("less than {}, the steps after which the rate is 0", total));
}

}  // namespace lanewise
