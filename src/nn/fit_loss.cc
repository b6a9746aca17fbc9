#include "nn/fit_loss.h"

#include <algorithm>

#include "lanewise/ops.h"
#include "nn/fit_data.h"
#include "nn/losses.h"

namespace lanewise::nn {
namespace {

CompiledFunction validation_program(const Ensemble& ensemble, Loss loss, bool weights) {
  const std::size_t parameter_count = ensemble.parameters[0].size();
  const Layout layout = ensemble.network.layout();
  std::vector<int> axes(parameter_count, -1);
  axes.insert(axes.end(), weights ? 3 : 2, sample_axis(layout));
  const auto metrics = [&ensemble, loss, weights, parameter_count,
                        layout](const std::vector<Array>& all) {
    const std::span<const Array> arguments(all);
    const FitData batch = named(arguments.subspan(parameter_count), {weights, false});
    return loss_on(ensemble.network(arguments.first(parameter_count), batch.x), batch, loss,
                   ensemble.options.loss_options, layout)
        .metrics();
  };
  return compile(metrics, {axes});
}

// What judges: arrays of samples, of which some rows may count.
struct Judge {
  std::vector<Array> arrays;
  int axis;

  std::vector<Array> piece(int64_t first, int64_t count) const {
    const Index window = slice(first, first + count);
    std::vector<Array> piece;
    for (const Array& a : arrays) piece.push_back(axis == 0 ? a[window] : a[{slice(), window}]);
    return piece;
  }
  std::vector<Array> piece(std::span<const int64_t> rows) const {
    std::vector<Array> piece;
    for (const Array& a : arrays)
      piece.push_back(take(a, array(rows, {static_cast<int64_t>(rows.size())}), axis));
    return piece;
  }
};

// Metrics so far, weighed by their samples.
struct Judged {
  std::vector<double> sums;
  int64_t rows = 0;

  void add(const std::vector<Array>& metrics, int64_t count) {
    sums.resize(metrics.size());
    for (std::size_t k = 0; k < sums.size(); ++k)
      sums[k] += metrics[k].item() * static_cast<double>(count);
    rows += count;
  }
};

}  // namespace

BatchLoss loss_on(const Array& output, const FitData& batch, Loss loss, const LossOptions& options,
                  Layout layout) {
  const Array costs = sample_costs(loss, output, batch.y, layout, options);
  if (!batch.weights) return {mean(costs), {}};
  return {mean(costs * reshape(*batch.weights, costs.shape())), mean(*batch.weights)};
}

std::vector<Array> BatchLoss::metrics() const {
  return weight ? std::vector<Array>{cost, *weight} : std::vector<Array>{cost};
}

std::vector<Array> BatchLoss::gradients(std::span<const Array> parameters) const {
  std::vector<Array> slopes = lanewise::gradients(cost, parameters);
  // A batch whose samples all weigh nothing has slopes of 0.
  if (weight)
    for (Array& slope : slopes) slope = slope / maximum(*weight, 1e-30);
  return slopes;
}

double mean_loss(std::span<const double> sums, int64_t rows) {
  return sums.size() > 1 ? sums[0] / sums[1] : sums[0] / static_cast<double>(rows);
}

Validation::Validation(const Members& all, Loss loss, FitWindows& data) : all_(all), data_(data) {
  for (const Ensemble& ensemble : all.ensembles())
    losses_.push_back(validation_program(ensemble, loss, data.fields().weights));
}

std::vector<double> Validation::operator()(std::span<const std::vector<Array>> parameters,
                                           std::span<const int> members) {
  const bool by_fold = data_.fields().folds;
  std::vector<Judged> judged(parameters.size());
  const auto judge = [&](std::size_t i, const std::vector<Array>& piece, int64_t count) {
    std::vector<Array> arguments = parameters[i];
    arguments.insert(arguments.end(), piece.begin(), piece.end());
    judged[i].add(losses_[all_.ensemble_of(members[i])](arguments), count);
  };
  for (int64_t w = 0; w < data_.count(); ++w) {
    const FitData& data = data_.load(w);
    const Judge all{listed({data.x, data.y, data.weights, {}}), all_.axis()};
    const auto folds =
        by_fold ? rows_by_fold(*data.folds, all_.folds()) : std::vector<std::vector<int64_t>>{};
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const std::span<const int64_t> rows =
          by_fold ? folds[static_cast<std::size_t>(all_.number(members[i]))]
                  : std::span<const int64_t>{};
      const int64_t total = by_fold ? static_cast<int64_t>(rows.size()) : data_.rows_of(w);
      for (int64_t first = 0; first < total; first += kJudgedTogether) {
        const int64_t count = std::min(kJudgedTogether, total - first);
        judge(i,
              by_fold ? all.piece(rows.subspan(static_cast<std::size_t>(first),
                                               static_cast<std::size_t>(count)))
                      : all.piece(first, count),
              count);
      }
    }
  }
  std::vector<double> losses;
  for (std::size_t i = 0; i < judged.size(); ++i) {
    if (by_fold) check_fold(all_.number(members[i]), judged[i].rows, data_.rows());
    losses.push_back(mean_loss(judged[i].sums, judged[i].rows));
  }
  return losses;
}

}  // namespace lanewise::nn
