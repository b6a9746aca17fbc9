#include <numeric>

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

Prediction trivial_prediction(const TargetInfo& info, std::span<const int32_t> train_classes,
                              std::span<const double> train_values, int64_t rows) {
  std::vector<double> one;
  if (info.task == Task::regression) {
    one = {std::accumulate(train_values.begin(), train_values.end(), 0.0) /
           static_cast<double>(train_values.size())};
  } else {
    one.resize(info.classes.size());
    for (int32_t k : train_classes)
      one[static_cast<std::size_t>(k)] += 1 / static_cast<double>(train_classes.size());
  }
  Prediction p{{}, rows, static_cast<int64_t>(info.classes.size())};
  for (int64_t i = 0; i < rows; ++i) p.values.insert(p.values.end(), one.begin(), one.end());
  return p;
}

}  // namespace lanewise
