// Training: epochs of shuffled mini-batches in one Session.
//
// The session's state is [parameters, moments, averages]. A step computes the
// loss of a batch, its gradients, the optimiser's update and the moving average
// of the weights as one program. What changes from step to step comes in as
// four scalars, so that the program is planned once.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "base/tensor.h"
#include "lanewise/nn.h"
#include "lanewise/ops.h"
#include "lanewise/runtime.h"
#include "nn/fit_data.h"

namespace lanewise::nn {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Validation runs in pieces of this many samples, to bound its memory.
constexpr int64_t kPiece = 4096;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

enum Scalar : std::size_t { kRate, kStep, kAverageDecay, kDropoutKey, kScalars };

Array loss_on(const Sequential& network, std::span<const Array> parameters,
              std::span<const Array> batch, Loss loss, bool training, const Array& key) {
  const Array output = network.apply(parameters, batch[0], training, key);
  const Array* weights = batch.size() > 2 ? &batch[2] : nullptr;
  return loss_of(loss, output, batch[1], weights, network.layout());
}

// A session weighs metrics by the rows of their batch. Where samples have
// weights, the loss must count by these instead: {loss·w̄, w̄}, divided at the end.
std::vector<Array> loss_metrics(const Array& loss, std::span<const Array> batch) {
  if (batch.size() < 3) return {loss};
  const Array average_weight = mean(batch[2]);
  return {loss * average_weight, average_weight};
}

double mean_loss(const std::vector<double>& sums, int64_t rows) {
  return sums.size() > 1 ? sums[0] / sums[1] : sums[0] / static_cast<double>(rows);
}

// The step as a function of state, batch and scalars.
class TrainingStep {
 public:
  TrainingStep(const Sequential& network, const FitOptions& options, std::size_t parameter_count,
               std::size_t moment_count)
      : network_(network),
        options_(options),
        parameters_(parameter_count),
        moments_(moment_count) {}

  Session::Result operator()(const std::vector<Array>& state, const std::vector<Array>& batch,
                             const std::vector<Array>& scalars) const {
    const std::span<const Array> all(state);
    const auto parameters = all.first(parameters_);
    const Array loss =
        loss_on(network_, parameters, batch, options_.loss, true, scalars[kDropoutKey]);
    OptimizerUpdate update =
        optimizer_update(options_.optimizer, parameters, gradients(loss, parameters),
                         all.subspan(parameters_, moments_), scalars[kRate], scalars[kStep]);
    std::vector<Array> next = update.parameters;
    next.insert(next.end(), update.state.begin(), update.state.end());
    const auto averages = all.subspan(parameters_ + moments_);
    for (std::size_t i = 0; i < averages.size(); ++i)
      next.push_back(blend(averages[i], update.parameters[i], scalars[kAverageDecay]));
    return {std::move(next), loss_metrics(loss, batch)};
  }

 private:
  static Array blend(const Array& average, const Array& p, const Array& decay) {
    return average * astype(decay, p.dtype()) + p * astype(1 - decay, p.dtype());
  }

  const Sequential& network_;
  const FitOptions& options_;
  std::size_t parameters_, moments_;
};

// The loss of any parameters on validation data.
class Validation {
 public:
  Validation(const Sequential& network, Loss loss, std::vector<Array> data,
             std::size_t parameter_count)
      : data_(std::move(data)),
        axis_(sample_axis(network.layout())),
        loss_(compile(
            [&network, loss, parameter_count](const std::vector<Array>& all) {
              const std::span<const Array> arguments(all);
              const auto batch = arguments.subspan(parameter_count);
              const Array value = loss_on(network, arguments.first(parameter_count), batch, loss,
                                          false, Array(int64_t{0}));
              return loss_metrics(value, batch);
            },
            {axes(parameter_count, data_.size(), axis_)})) {}

  double operator()(const std::vector<Array>& parameters) const {
    std::vector<double> sums;
    const int64_t rows = data_[0].shape(axis_);
    for (int64_t first = 0; first < rows; first += kPiece) {
      const int64_t count = std::min(kPiece, rows - first);
      std::vector<Array> arguments = parameters;
      for (const Array& a : data_) arguments.push_back(piece(a, first, first + count));
      const std::vector<Array> metrics = loss_(arguments);
      sums.resize(metrics.size());
      for (std::size_t k = 0; k < sums.size(); ++k)
        sums[k] += metrics[k].item() * static_cast<double>(count);
    }
    return mean_loss(sums, rows);
  }

 private:
  static std::vector<int> axes(std::size_t parameters, std::size_t data, int axis) {
    std::vector<int> all(parameters, -1);
    all.insert(all.end(), data, axis);
    return all;
  }
  Array piece(const Array& a, int64_t first, int64_t stop) const {
    return axis_ == 0 ? a[slice(first, stop)] : a[{slice(), slice(first, stop)}];
  }

  std::vector<Array> data_;
  int axis_;
  CompiledFunction loss_;
};

// The caller keeps its arrays: a session would take the handles themselves.
std::vector<Array> own_handles(const std::vector<Array>& arrays) {
  eval(arrays);
  std::vector<Array> handles;
  for (const Array& a : arrays) handles.push_back(from_tensor(a.tensor()));
  return handles;
}

void append(std::vector<Array>& to, const std::vector<Array>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

class Training {
 public:
  Training(const Sequential& network, const std::vector<Array>& parameters, const FitData& train,
           const FitData* validation, FitOptions options)
      : options_(std::move(options)),
        network_(network),
        parameter_count_(parameters.size()),
        dtype_(parameters[0].dtype()),
        data_(program_data(network, train, options_.loss, dtype_, "training")),
        rows_(data_[0].shape(sample_axis(network.layout()))),
        batch_(options_.batch > 0 ? std::min(options_.batch, rows_) : rows_),
        generator_(options_.seed),
        moments_(optimizer_state(options_.optimizer, parameters)),
        session_(TrainingStep(network_, options_, parameter_count_, moments_.size()),
                 first_state(parameters), {sample_axis(network.layout())}) {
    fill_schedule();
    if (validation)
      validation_.emplace(network, options_.loss,
                          program_data(network, *validation, options_.loss, dtype_, "validation"),
                          parameter_count_);
  }

  FitResult run() {
    const Clock::time_point start = Clock::now();
    for (int epoch = 1; epoch <= options_.epochs; ++epoch) {
      if (options_.keep_going && !options_.keep_going()) return interrupted();
      if (!run_epoch(epoch, start)) return interrupted();
      if (validation_ && options_.patience > 0 && epoch - result_.best_epoch >= options_.patience) {
        result_.stopped_early = epoch < options_.epochs;
        break;
      }
    }
    return std::move(result_);
  }

 private:
  bool averages() const { return options_.average_decay > 0; }
  int64_t steps_per_epoch() const { return (rows_ + batch_ - 1) / batch_; }

  std::vector<Array> first_state(const std::vector<Array>& parameters) const {
    std::vector<Array> state = own_handles(parameters);
    append(state, moments_);
    if (averages()) append(state, own_handles(parameters));
    return state;
  }

  // A schedule without a length spans the whole training.
  void fill_schedule() {
    if (options_.optimizer.total_steps == 0)
      options_.optimizer.total_steps = steps_per_epoch() * options_.epochs;
    options_.optimizer.validate();
  }

  // False: told to end within the epoch.
  bool run_epoch(int epoch, Clock::time_point start) {
    const Clock::time_point epoch_start = Clock::now();
    const int64_t first_step = session_.steps();
    const auto sums = session_.run(
        data_, batches(), [&](int64_t step) { return scalars(step); },
        [&] { return may_step(session_.steps() - first_step); });
    if (session_.steps() - first_step < steps_per_epoch()) return false;
    EpochReport report{epoch, options_.epochs, mean_loss(sums, rows_), kNaN, 0, 0, false};
    report.rows_per_second = static_cast<double>(rows_) / seconds_since(epoch_start);
    check_finite(report.loss, "training", epoch);
    judge(report);
    report.seconds = seconds_since(start);
    result_.history.push_back(report);
    if (options_.on_epoch) options_.on_epoch(report);
    return true;
  }

  bool may_step(int64_t done) const {
    if (options_.on_progress)
      options_.on_progress(static_cast<double>(done) / static_cast<double>(steps_per_epoch()));
    return !options_.keep_going || options_.keep_going();
  }

  Batches batches() {
    if (!options_.shuffle || batch_ == rows_) return {{}, batch_};
    return {generator_.permutation(rows_).to_vector<int64_t>(), batch_};
  }

  std::vector<double> scalars(int64_t step) const {
    const auto t = static_cast<double>(step);
    std::vector<double> values(kScalars);
    values[kRate] = learning_rate_at(options_.optimizer, step);
    values[kStep] = t;
    values[kAverageDecay] = std::min(options_.average_decay, t / (t + 10));
    // Below 2⁵³, so exact: a run of its own for every seed of up to 2²¹ steps.
    values[kDropoutKey] = std::ldexp(static_cast<double>(options_.seed), 21) + std::fmod(t, 0x1p21);
    return values;
  }

  // The parameters to judge and keep: averaged, if asked.
  std::vector<Array> current() const {
    std::vector<Array> state = session_.state();
    const auto first =
        averages() ? state.end() - static_cast<std::ptrdiff_t>(parameter_count_) : state.begin();
    return {first, first + static_cast<std::ptrdiff_t>(parameter_count_)};
  }

  void judge(EpochReport& report) {
    std::vector<Array> parameters = current();
    if (validation_) {
      report.validation_loss = (*validation_)(parameters);
      check_finite(report.validation_loss, "validation", report.epoch);
    }
    report.best = !validation_ || result_.history.empty() || report.validation_loss < best_loss_;
    if (!report.best) return;
    best_loss_ = report.validation_loss;
    result_.best_epoch = report.epoch;
    result_.parameters = std::move(parameters);
  }

  FitResult interrupted() {
    result_.interrupted = true;
    if (!validation_ || result_.parameters.empty()) result_.parameters = current();
    return std::move(result_);
  }

  void check_finite(double loss, std::string_view which, int epoch) const {
    if (std::isfinite(loss)) return;
    throw ValueError(fmt::format(
        "fit: the {} loss became {} in epoch {}; lower the learning rate (it is {}), or "
        "look for NaN and infinite values in the data",
        which, std::isnan(loss) ? "NaN" : "infinite", epoch, options_.optimizer.learning_rate));
  }

  FitOptions options_;
  const Sequential& network_;
  std::size_t parameter_count_;
  DType dtype_;
  std::vector<Array> data_;
  int64_t rows_, batch_;
  Generator generator_;
  std::vector<Array> moments_;
  Session session_;
  std::optional<Validation> validation_;
  double best_loss_ = kNaN;
  FitResult result_;
};

void check(const FitOptions& options, const std::vector<Array>& parameters) {
  const auto require = [](bool ok, std::string_view field, double value,
                          std::string_view expected) {
    if (!ok) throw ValueError(fmt::format("fit: {} is {}, expected {}", field, value, expected));
  };
  require(options.epochs >= 1, "epochs", options.epochs, "1 or more");
  require(options.batch >= 0, "batch", static_cast<double>(options.batch),
          "1 or more, or 0 for all rows at once");
  require(options.patience >= 0, "patience", options.patience, "0 or more");
  require(options.average_decay >= 0 && options.average_decay < 1, "average_decay",
          options.average_decay, "0 ≤ average_decay < 1");
  if (parameters.empty()) throw ValueError("fit: the network has no parameters to train");
  for (const Array& p : parameters)
    if (!is_float(p.dtype()))
      throw DTypeError(fmt::format("fit: parameters must be floats, got {}", name(p.dtype())));
}

}  // namespace

FitResult fit(const Sequential& network, std::vector<Array> parameters, const FitData& train,
              const FitData* validation, const FitOptions& options) {
  check(options, parameters);
  return Training(network, parameters, train, validation, options).run();
}

}  // namespace lanewise::nn
