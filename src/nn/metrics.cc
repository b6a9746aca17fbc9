#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/names.h"
#include "lanewise/nn.h"

namespace lanewise::nn {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

void check_lengths(std::string_view metric, std::size_t given, std::size_t expected) {
  if (given != expected)
    throw ValueError(fmt::format("{}: {} predictions for {} rows", metric, given, expected));
}

std::size_t top_class(std::span<const double> row) {
  return static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

// Rows of probabilities, checked.
class Probabilities {
 public:
  Probabilities(std::string_view metric, std::span<const int32_t> labels,
                std::span<const double> values, int classes)
      : values_(values), classes_(static_cast<std::size_t>(classes)) {
    if (classes < 2) throw ValueError(fmt::format("{}: {} classes, expected 2 …", metric, classes));
    check_lengths(metric, values.size(), labels.size() * classes_);
    for (int32_t label : labels)
      if (label < 0 || label >= classes)
        throw ValueError(fmt::format("{}: label {} for {} classes", metric, label, classes));
  }
  std::span<const double> row(std::size_t i) const {
    return values_.subspan(i * classes_, classes_);
  }

 private:
  std::span<const double> values_;
  std::size_t classes_;
};

double squared_error(std::span<const double> targets, std::span<const double> predictions) {
  double total = 0;
  for (std::size_t i = 0; i < targets.size(); ++i)
    total += (targets[i] - predictions[i]) * (targets[i] - predictions[i]);
  return total;
}

}  // namespace

double accuracy(std::span<const int32_t> labels, std::span<const int32_t> predicted) {
  check_lengths("accuracy", predicted.size(), labels.size());
  std::size_t hits = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) hits += labels[i] == predicted[i];
  return labels.empty() ? kNaN : static_cast<double>(hits) / static_cast<double>(labels.size());
}

// The share of (positive, negative) pairs in the right order, ties counting
// half: the rank sum of the positives less its least possible value.
double auc(std::span<const int32_t> labels, std::span<const double> scores) {
  check_lengths("auc", scores.size(), labels.size());
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (double score : scores)
    if (std::isnan(score)) return kNaN;
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  double positives = 0, rank_sum = 0;
  for (std::size_t first = 0, last; first < order.size(); first = last) {
    for (last = first + 1; last < order.size() && scores[order[last]] == scores[order[first]];)
      ++last;
    const double rank = static_cast<double>(first + last + 1) / 2;  // ranks count from 1
    for (std::size_t k = first; k < last; ++k) {
      if (labels[order[k]] == 0) continue;
      positives += 1;
      rank_sum += rank;
    }
  }
  const double negatives = static_cast<double>(labels.size()) - positives;
  if (positives == 0 || negatives == 0) return kNaN;
  return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives);
}

double log_loss(std::span<const int32_t> labels, std::span<const double> probabilities,
                int classes) {
  constexpr double kSmallest = 1e-15;
  const Probabilities rows("log_loss", labels, probabilities, classes);
  double total = 0;
  for (std::size_t i = 0; i < labels.size(); ++i)
    total -= std::log(std::clamp(rows.row(i)[static_cast<std::size_t>(labels[i])], kSmallest, 1.0));
  return labels.empty() ? kNaN : total / static_cast<double>(labels.size());
}

double calibration_error(std::span<const int32_t> labels, std::span<const double> probabilities,
                         int classes, int bins) {
  if (bins < 1) throw ValueError(fmt::format("calibration_error: {} bins, expected 1 …", bins));
  const Probabilities rows("calibration_error", labels, probabilities, classes);
  std::vector<double> gaps(static_cast<std::size_t>(bins));  // Σ (hit − confidence)
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::size_t top = top_class(rows.row(i));
    const double confidence = rows.row(i)[top];
    if (std::isnan(confidence)) return kNaN;
    const double bin = std::clamp(std::ceil(confidence * bins) - 1, 0.0, bins - 1.0);
    gaps[static_cast<std::size_t>(bin)] +=
        (static_cast<std::size_t>(labels[i]) == top) - confidence;
  }
  double total = 0;
  for (double gap : gaps) total += std::abs(gap);
  return labels.empty() ? kNaN : total / static_cast<double>(labels.size());
}

double rmse(std::span<const double> targets, std::span<const double> predictions) {
  check_lengths("rmse", predictions.size(), targets.size());
  if (targets.empty()) return kNaN;
  return std::sqrt(squared_error(targets, predictions) / static_cast<double>(targets.size()));
}

double r2(std::span<const double> targets, std::span<const double> predictions) {
  check_lengths("r2", predictions.size(), targets.size());
  const double mean =
      std::accumulate(targets.begin(), targets.end(), 0.0) / static_cast<double>(targets.size());
  const std::vector<double> trivial(targets.size(), mean);
  const double spread = squared_error(targets, trivial);
  return spread > 0 ? 1 - squared_error(targets, predictions) / spread : kNaN;
}

}  // namespace lanewise::nn
