// Losses: means over samples of what each sample costs.
//
// `weights` (optional, one a sample) weigh the samples, divided by their sum.
// Predictions and targets have one shape (m, 1) or (1, m). softmax: logits
// (m, classes) or (classes, m) and integer classes (m,) from 0 on (IndexError for others, when
// values are read), or one-hot / probabilities of the shape of the logits. All stay finite, and so
// do their gradients, for logits as far out as ±1e4.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "lanewise/array.h"
#include "lanewise/layers.h"

namespace lanewise::nn {

struct LossOptions {
  // Cross-entropies: this share of every target goes to all classes alike (Szegedy et al. 2016).
  double smoothing = 0;
  // Cross-entropies: a class of probability p counts (1 − p)^focus, so that easy samples count
  // little (focal loss, Lin et al. 2017, there γ = 2).
  double focus = 0;
  double delta = 1;       // huber: where squares turn into lines
  double quantile = 0.5;  // quantile: the one to predict
  void validate() const;  // Errors: ValueError naming the field
};

Array binary_cross_entropy_with_logits(const Array& logits, const Array& targets,
                                       const Array* weights = nullptr,
                                       const LossOptions& options = {});
// From probabilities, clipped to [clip, 1 − clip]: the textbook's.
Array binary_cross_entropy(const Array& probabilities, const Array& targets,
                           const Array* weights = nullptr, double clip = 1e-8);
Array softmax_cross_entropy(const Array& logits, const Array& targets,
                            const Array* weights = nullptr, Layout layout = Layout::rows,
                            const LossOptions& options = {});
Array mean_squared_error(const Array& predictions, const Array& targets,
                         const Array* weights = nullptr);
// e²/2 where the error |e| ≤ delta, delta · (|e| − delta/2) beyond.  Source: Huber 1964.
Array huber_loss(const Array& predictions, const Array& targets, const Array* weights = nullptr,
                 double delta = 1);
// quantile · e for e = target − prediction ≥ 0, else (quantile − 1) · e: least at that quantile
// of the targets.  Source: Koenker & Bassett 1978.
Array quantile_loss(const Array& predictions, const Array& targets, const Array* weights = nullptr,
                    double quantile = 0.5);

enum class Loss : uint8_t {
  binary_cross_entropy,
  softmax_cross_entropy,
  mean_squared_error,
  huber,
  quantile,
};
std::string_view name(Loss loss);
Loss loss_from_name(std::string_view name);
// By name, on the raw output of a network (logits or values).
Array loss_of(Loss loss, const Array& output, const Array& targets, const Array* weights,
              Layout layout, const LossOptions& options = {});

// ---- classes that are rare ----

// The share of each class 0 … classes − 1 among integer labels.
// Errors: ValueError for a label outside or no labels.
std::vector<double> class_shares(std::span<const int32_t> labels, int classes);
// Weights of classes that make every class count alike, 1 / (classes · share), as scikit-learn's
// "balanced"; 0 for a class that does not occur.
std::vector<double> balanced_weights(std::span<const double> shares);
// A weight a sample, that of its class.  classes: integers (m,) → float32 (m,).
Array weights_of_classes(const Array& classes, std::span<const double> class_weights);
// logits + strength · log(share of the class); one logit: + strength · log(share₁ / share₀).
// In a loss: as if all classes were equally common (logit-adjusted loss). With −strength on the
// logits of a network trained without: corrects its predictions alike.  Source: Menon et al. 2021.
// Errors: ValueError for shares that are not positive, ShapeError for another number of classes.
Array adjust_logits(const Array& logits, std::span<const double> shares, double strength = 1,
                    Layout layout = Layout::rows);

}  // namespace lanewise::nn
