// Training: what users give is checked and brought into windows.
#include <fmt/format.h>

#include <algorithm>

#include "lanewise/error.h"
#include "lanewise/nn.h"
#include "nn/fit_loss.h"
#include "nn/fit_training.h"

namespace lanewise::nn {
namespace {

void check_masks(const std::vector<std::vector<Array>>& masks,
                 const std::vector<std::vector<Array>>& members) {
  const auto fit_each_other = [](const std::vector<Array>& own, const std::vector<Array>& of) {
    return std::equal(own.begin(), own.end(), of.begin(), of.end(),
                      [](const Array& mask, const Array& p) { return mask.shape() == p.shape(); });
  };
  if (!masks.empty() &&
      !std::equal(masks.begin(), masks.end(), members.begin(), members.end(), fit_each_other))
    throw ValueError("fit: masks must have the shapes of the parameters, of each network in turn");
}

void require(bool ok, std::string_view field, double value, std::string_view expected) {
  if (!ok) throw ValueError(fmt::format("fit: {} is {}, expected {}", field, value, expected));
}

void check(const Ensemble& ensemble) {
  const MemberOptions& options = ensemble.options;
  require(options.epochs >= 1, "epochs", options.epochs, "1 or more");
  require(options.patience >= 0, "patience", options.patience, "0 or more");
  require(options.average_decay >= 0 && options.average_decay < 1, "average_decay",
          options.average_decay, "0 ≤ average_decay < 1");
  if (ensemble.parameters.empty()) throw ValueError("fit: there is no network to train");
  check_masks(options.masks, ensemble.parameters);
  for (const std::vector<Array>& parameters : ensemble.parameters) {
    if (parameters.empty()) throw ValueError("fit: the network has no parameters to train");
    for (const Array& p : parameters)
      if (!is_float(p.dtype()))
        throw DTypeError(fmt::format("fit: parameters must be floats, got {}", name(p.dtype())));
  }
}

DType dtype_of(const Ensemble& ensemble) { return ensemble.parameters[0][0].dtype(); }

// That both learn from the same samples.
void check_together(const Ensemble& a, const Ensemble& b) {
  const auto text = [](const Ensemble& e) {
    return fmt::format("{} features, {} outputs, samples along axis {}, {}", e.network.inputs(),
                       e.network.outputs(), sample_axis(e.network.layout()), name(dtype_of(e)));
  };
  if (text(a) != text(b))
    throw ValueError(fmt::format(
        "fit: networks with ({}) and ({}) can't be trained on the same batches", text(a), text(b)));
}

void check(const std::vector<Ensemble>& ensembles, const BatchOptions& options,
           bool folds_beside_validation) {
  require(options.batch >= 0, "batch", static_cast<double>(options.batch),
          "1 or more, or 0 for all rows at once");
  if (ensembles.empty()) throw ValueError("fit: there is no network to train");
  for (const Ensemble& ensemble : ensembles) {
    check(ensemble);
    check_together(ensembles[0], ensemble);
  }
  if (folds_beside_validation)
    throw ValueError(
        "fit: folds judge the networks, so there can't be validation data beside them");
}

std::string_view name_of(bool trains) { return trains ? "training" : "validation"; }

// Windows to train on hold whole batches; else, and where all rows are one, what is judged
// together.
int64_t step_of_windows(const BatchOptions& options, int64_t rows, bool trains) {
  const int64_t step = rows_of_a_step(options, rows);
  return trains && step < rows ? step : kJudgedTogether;
}

FitWindows windows_of(const FitData& data, const Sequential& network, const BatchOptions& options,
                      DType dtype, bool trains) {
  return {program_data(network, data, options.loss, dtype, name_of(trains)),
          sample_axis(network.layout())};
}

FitWindows windows_of(const FitStream& stream, const Sequential& network,
                      const BatchOptions& options, DType dtype, bool trains) {
  auto source = program_source(network, stream, options.loss, dtype, name_of(trains));
  const int64_t rows = *source->length();
  return {std::move(source),
          {stream.weights, stream.folds},
          stream.window,
          step_of_windows(options, rows, trains)};
}

bool has_folds(const FitData& data) { return data.folds.has_value(); }
bool has_folds(const FitStream& stream) { return stream.folds; }

template <class Data>
std::vector<EnsembleResult> train(std::vector<Ensemble> ensembles, const Data& train,
                                  const Data* validation, const BatchOptions& options) {
  check(ensembles, options, has_folds(train) && validation);
  const Sequential network = ensembles[0].network;
  const DType dtype = dtype_of(ensembles[0]);
  std::optional<FitWindows> judges;
  if (validation) judges = windows_of(*validation, network, options, dtype, false);
  return run_training(std::move(ensembles), windows_of(train, network, options, dtype, true),
                      std::move(judges), options);
}

template <class Data>
EnsembleResult train_one(const Sequential& network, std::vector<std::vector<Array>> parameters,
                         const Data& data, const Data* validation, const FitOptions& options) {
  EnsembleResult result = std::move(
      train({{network, std::move(parameters), options}}, data, validation, options).front());
  if (!result.failure.empty()) throw ValueError(result.failure);
  return result;
}

FitResult only_one(EnsembleResult all) {
  EnsembleResult::Member& only = all.members[0];
  return {std::move(only.parameters), std::move(all.history), only.best_epoch, all.interrupted,
          only.stopped_early};
}

}  // namespace

FitResult fit(const Sequential& network, std::vector<Array> parameters, const FitData& data,
              const FitData* validation, const FitOptions& options) {
  return only_one(train_one(network, {std::move(parameters)}, data, validation, options));
}

FitResult fit(const Sequential& network, std::vector<Array> parameters, const FitStream& stream,
              const FitStream* validation, const FitOptions& options) {
  return only_one(train_one(network, {std::move(parameters)}, stream, validation, options));
}

EnsembleResult fit_ensemble(const Sequential& network,
                            const std::vector<std::vector<Array>>& parameters, const FitData& data,
                            const FitData* validation, const FitOptions& options) {
  return train_one(network, parameters, data, validation, options);
}

EnsembleResult fit_ensemble(const Sequential& network,
                            const std::vector<std::vector<Array>>& parameters,
                            const FitStream& stream, const FitStream* validation,
                            const FitOptions& options) {
  return train_one(network, parameters, stream, validation, options);
}

std::vector<EnsembleResult> fit_ensembles(std::vector<Ensemble> ensembles, const FitData& data,
                                          const FitData* validation, const BatchOptions& options) {
  return train(std::move(ensembles), data, validation, options);
}

std::vector<EnsembleResult> fit_ensembles(std::vector<Ensemble> ensembles, const FitStream& stream,
                                          const FitStream* validation,
                                          const BatchOptions& options) {
  return train(std::move(ensembles), stream, validation, options);
}

}  // namespace lanewise::nn
