// Losses: means over samples of what each sample costs.
#include "nn/losses.h"

#include <cmath>

#include "base/names.h"
#include "lanewise/ops.h"
#include "nn/layout.h"

namespace lanewise::nn {
namespace {

// Σ w·cost / Σ w; samples that all weigh nothing cost nothing.
Array mean_cost(const Array& cost, const Array* weights) {
  if (!weights) return mean(cost);
  if (weights->size() != cost.size())
    throw ShapeError(fmt::format("loss: {} weights for {} samples", weights->size(), cost.size()),
                     {"loss",
                      {cost.shape(), weights->shape()},
                      -1,
                      cost.size(),
                      weights->size(),
                      "give one weight a sample"});
  const Array w = astype(reshape(*weights, cost.shape()), cost.dtype());
  return sum(w * cost) / maximum(sum(w), 1e-30);
}

void check_same_shape(std::string_view loss, const Array& predictions, const Array& targets) {
  if (predictions.shape() == targets.shape()) return;
  // Broadcasting (m, 1) against (m,) would pair every prediction with every target.
  throw ShapeError(
      fmt::format("{}: predictions {} and targets {} must have one shape; reshape "
                  "the targets to {}",
                  loss, to_string(predictions.shape()), to_string(targets.shape()),
                  to_string(predictions.shape())),
      {std::string(loss), {predictions.shape(), targets.shape()}, -1, 0, 0, "reshape the targets"});
}

// log(1 + exp(z)); its derivative at 0 is ½, as it should be. exp never overflows.
Array softplus(const Array& z) {
  const Array positive = z >= 0;
  return where(positive, z, 0.0) + log1p(exp(where(positive, -z, z)));
}

// Integer classes as rows (columns) of zeros with a one.
Array one_hot(const Array& classes, const Array& logits, Layout layout) {
  const Array numbers = arange(0, static_cast<double>(logits.shape(feature_axis(layout))));
  const Shape across = layout == Layout::rows ? Shape{-1, 1} : Shape{1, -1};
  const Shape along = layout == Layout::rows ? Shape{1, -1} : Shape{-1, 1};
  return reshape(classes, across) == reshape(numbers, along);
}

// The classes as they are. One that there is not is an IndexError when values are read; take would
// count negative ones from the back.
Array known(const Array& classes, int64_t count) {
  return take(arange(0, static_cast<double>(count)), where(classes < 0, count, classes));
}

// This share of each target goes to all classes alike.
Array smoothed(const Array& Y, double smoothing, double classes) {
  return smoothing == 0 ? Y : (1 - smoothing) * Y + smoothing / classes;
}

// −log p · (1 − p)^focus for p = sigmoid(z), where 1 − p = exp(−softplus(z)).
Array focal_cost(const Array& z, double focus) { return exp(-focus * softplus(z)) * softplus(-z); }

Array binary_costs(const Array& logits, const Array& targets, Layout, const LossOptions& options) {
  check_same_shape("binary_cross_entropy_with_logits", logits, targets);
  const Array &Z = logits, Y = smoothed(astype(targets, Z.dtype()), options.smoothing, 2);
  if (options.focus == 0) return softplus(Z) - Y * Z;
  return Y * focal_cost(Z, options.focus) + (1 - Y) * focal_cost(-Z, options.focus);
}

Array softmax_costs(const Array& logits, const Array& targets, Layout layout,
                    const LossOptions& options) {
  if (logits.rank() != 2)
    throw ShapeError(
        fmt::format("softmax_cross_entropy: logits {} need two axes", to_string(logits.shape())),
        {"softmax_cross_entropy", {logits.shape()}, -1, 0, 0, ""});
  const int axis = feature_axis(layout);
  const int64_t samples = logits.shape(sample_axis(layout));
  const bool numbers = is_integer(targets.dtype()) && targets.size() == samples;
  const Array hits =
      numbers ? one_hot(known(targets, logits.shape(axis)), logits, layout) : targets;
  check_same_shape("softmax_cross_entropy", logits, hits);
  const Array Y = smoothed(astype(hits, logits.dtype()), options.smoothing,
                           static_cast<double>(logits.shape(axis)));
  const Array log_p = log_softmax(logits, axis);
  if (options.focus == 0) return -sum(Y * log_p, axis);
  // Kept above zero, where a power has no slope.
  const Array others = maximum(-expm1(log_p), 1e-30);
  return -sum(Y * log_p * power(others, options.focus), axis);
}

Array squared_errors(const Array& predictions, const Array& targets, Layout, const LossOptions&) {
  check_same_shape("mean_squared_error", predictions, targets);
  return square(predictions - astype(targets, predictions.dtype()));
}

Array huber_costs(const Array& predictions, const Array& targets, Layout,
                  const LossOptions& options) {
  check_same_shape("huber_loss", predictions, targets);
  const Array size = abs(predictions - astype(targets, predictions.dtype()));
  const Array inner = minimum(size, options.delta);
  return inner * (size - 0.5 * inner);
}

Array quantile_costs(const Array& predictions, const Array& targets, Layout,
                     const LossOptions& options) {
  check_same_shape("quantile_loss", predictions, targets);
  const Array e = astype(targets, predictions.dtype()) - predictions;
  return maximum(options.quantile * e, (options.quantile - 1) * e);
}

struct Row {
  Loss value;
  std::string_view name;
  Array (*costs)(const Array& output, const Array& targets, Layout layout,
                 const LossOptions& options);
};

const Row kLosses[] = {
    {Loss::binary_cross_entropy, "binary_cross_entropy", binary_costs},
    {Loss::softmax_cross_entropy, "softmax_cross_entropy", softmax_costs},
    {Loss::mean_squared_error, "mean_squared_error", squared_errors},
    {Loss::huber, "huber", huber_costs},
    {Loss::quantile, "quantile", quantile_costs},
};

}  // namespace

Array binary_cross_entropy_with_logits(const Array& logits, const Array& targets,
                                       const Array* weights, const LossOptions& options) {
  return loss_of(Loss::binary_cross_entropy, logits, targets, weights, Layout::rows, options);
}

Array binary_cross_entropy(const Array& probabilities, const Array& targets, const Array* weights,
                           double clip) {
  check_same_shape("binary_cross_entropy", probabilities, targets);
  const Array &A = probabilities, Y = astype(targets, probabilities.dtype());
  // 1 − clip may round to 1, so each logarithm is guarded by itself.
  const Array cost = Y * log(maximum(A, clip)) + (1 - Y) * log(maximum(1 - A, clip));
  return mean_cost(-cost, weights);
}

Array softmax_cross_entropy(const Array& logits, const Array& targets, const Array* weights,
                            Layout layout, const LossOptions& options) {
  return loss_of(Loss::softmax_cross_entropy, logits, targets, weights, layout, options);
}

Array mean_squared_error(const Array& predictions, const Array& targets, const Array* weights) {
  return loss_of(Loss::mean_squared_error, predictions, targets, weights, Layout::rows);
}

Array huber_loss(const Array& predictions, const Array& targets, const Array* weights,
                 double delta) {
  return loss_of(Loss::huber, predictions, targets, weights, Layout::rows, {.delta = delta});
}

Array quantile_loss(const Array& predictions, const Array& targets, const Array* weights,
                    double quantile) {
  return loss_of(Loss::quantile, predictions, targets, weights, Layout::rows,
                 {.quantile = quantile});
}

void LossOptions::validate() const {
  const auto check = [](bool ok, std::string_view field, double value, std::string_view expected) {
    if (!ok || !std::isfinite(value))
      throw ValueError(fmt::format("{} is {}, expected {}", field, value, expected));
  };
  check(smoothing >= 0 && smoothing < 1, "smoothing", smoothing, "0 ≤ smoothing < 1");
  check(focus >= 0, "focus", focus, "a number ≥ 0 (0: off)");
  check(delta > 0, "delta", delta, "a number > 0");
  check(quantile > 0 && quantile < 1, "quantile", quantile, "0 < quantile < 1");
}

std::string_view name(Loss loss) { return row_of(kLosses, loss).name; }
Loss loss_from_name(std::string_view name) { return row_named(kLosses, "loss", name).value; }

Array sample_costs(Loss loss, const Array& output, const Array& targets, Layout layout,
                   const LossOptions& options) {
  options.validate();
  return row_of(kLosses, loss).costs(output, targets, layout, options);
}

Array loss_of(Loss loss, const Array& output, const Array& targets, const Array* weights,
              Layout layout, const LossOptions& options) {
  return mean_cost(sample_costs(loss, output, targets, layout, options), weights);
}

}  // namespace lanewise::nn
