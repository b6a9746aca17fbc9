// Losses: means over samples of what each sample costs.
#include "nn/losses.h"

#include "lanewise/ops.h"
#include "nn/names.h"

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
  const int axis = layout == Layout::rows ? 1 : 0;
  const Array numbers = arange(0, static_cast<double>(logits.shape(axis)));
  const Shape across = layout == Layout::rows ? Shape{-1, 1} : Shape{1, -1};
  const Shape along = layout == Layout::rows ? Shape{1, -1} : Shape{-1, 1};
  return reshape(classes, across) == reshape(numbers, along);
}

Array binary_costs(const Array& logits, const Array& targets, Layout) {
  check_same_shape("binary_cross_entropy_with_logits", logits, targets);
  const Array &Z = logits, Y = astype(targets, logits.dtype());
  return softplus(Z) - Y * Z;
}

Array softmax_costs(const Array& logits, const Array& targets, Layout layout) {
  if (logits.rank() != 2)
    throw ShapeError(
        fmt::format("softmax_cross_entropy: logits {} need two axes", to_string(logits.shape())),
        {"softmax_cross_entropy", {logits.shape()}, -1, 0, 0, ""});
  const int axis = layout == Layout::rows ? 1 : 0;
  const int64_t samples = logits.shape(1 - axis);
  const bool numbers = is_integer(targets.dtype()) && targets.size() == samples;
  const Array Y = numbers ? one_hot(targets, logits, layout) : targets;
  check_same_shape("softmax_cross_entropy", logits, Y);
  return -sum(astype(Y, logits.dtype()) * log_softmax(logits, axis), axis);
}

Array squared_errors(const Array& predictions, const Array& targets, Layout) {
  check_same_shape("mean_squared_error", predictions, targets);
  return square(predictions - astype(targets, predictions.dtype()));
}

struct Row {
  Loss value;
  std::string_view name;
  Array (*costs)(const Array& output, const Array& targets, Layout layout);
};

const Row kLosses[] = {
    {Loss::binary_cross_entropy, "binary_cross_entropy", binary_costs},
    {Loss::softmax_cross_entropy, "softmax_cross_entropy", softmax_costs},
    {Loss::mean_squared_error, "mean_squared_error", squared_errors},
};

}  // namespace

Array binary_cross_entropy_with_logits(const Array& logits, const Array& targets,
                                       const Array* weights) {
  return loss_of(Loss::binary_cross_entropy, logits, targets, weights, Layout::rows);
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
                            Layout layout) {
  return loss_of(Loss::softmax_cross_entropy, logits, targets, weights, layout);
}

Array mean_squared_error(const Array& predictions, const Array& targets, const Array* weights) {
  return loss_of(Loss::mean_squared_error, predictions, targets, weights, Layout::rows);
}

std::string_view name(Loss loss) { return row_of(kLosses, loss).name; }
Loss loss_from_name(std::string_view name) { return row_named(kLosses, "loss", name).value; }

Array sample_costs(Loss loss, const Array& output, const Array& targets, Layout layout) {
  return row_of(kLosses, loss).costs(output, targets, layout);
}

Array loss_of(Loss loss, const Array& output, const Array& targets, const Array* weights,
              Layout layout) {
  return mean_cost(sample_costs(loss, output, targets, layout), weights);
}

}  // namespace lanewise::nn
