#include <cmath>

#include "tabular/model_impl.h"

namespace lanewise {

Metrics score(const TargetInfo& info, const Prediction& p, std::span<const int32_t> classes,
              std::span<const double> values) {
  if (info.task == Task::regression)
    return {{"rmse", nn::rmse(values, p.values)}, {"r2", nn::r2(values, p.values)}};
  const int count = static_cast<int>(p.classes);
  std::vector<int32_t> best;
  for (int64_t i = 0; i < p.rows; ++i) best.push_back(p.best_class(i));
  Metrics metrics = {{"accuracy", nn::accuracy(classes, best)},
                     {"log_loss", nn::log_loss(classes, p.values, count)},
                     {"calibration_error", nn::calibration_error(classes, p.values, count)}};
  if (info.task == Task::binary) {
    std::vector<double> scores;
    for (int64_t i = 0; i < p.rows; ++i)
      scores.push_back(p.values[static_cast<std::size_t>(2 * i + 1)]);
    metrics["auc"] = nn::auc(classes, scores);
  }
  return metrics;
}

namespace {

// Drops what is undefined (the AUC of rows of one class).
Metrics defined(Metrics metrics) {
  std::erase_if(metrics, [](const auto& m) { return !std::isfinite(m.second); });
  return metrics;
}

Prediction trivial_prediction(const TargetInfo& info, std::span<const double> class_shares,
                              int64_t rows) {
  const std::span<const double> one =
      info.task == Task::regression ? std::span<const double>(&info.mean, 1) : class_shares;
  Prediction p{{}, rows, static_cast<int64_t>(info.classes.size())};
  for (int64_t i = 0; i < rows; ++i) p.values.insert(p.values.end(), one.begin(), one.end());
  return p;
}

}  // namespace

void add_scores(std::map<std::string, Metrics>& metrics, const std::string& which,
                const TargetInfo& info, std::span<const double> class_shares,
                const Prediction& prediction, const TargetValues& truth) {
  metrics[which] = defined(score(info, prediction, truth.classes, truth.values));
  const Prediction trivial = trivial_prediction(info, class_shares, prediction.rows);
  metrics[which + "_baseline"] = defined(score(info, trivial, truth.classes, truth.values));
}

}  // namespace lanewise
