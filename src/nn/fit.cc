// Training: epochs of shuffled mini-batches in one Session, for one network or several.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "lanewise/nn.h"
#include "lanewise/runtime.h"
#include "nn/fit_data.h"
#include "nn/fit_loss.h"
#include "nn/fit_step.h"

namespace lanewise::nn {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Training {
 public:
  Training(const Sequential& network, const std::vector<std::vector<Array>>& parameters,
           const FitData& train, const FitData* validation, FitOptions options)
      : options_(std::move(options)),
        network_(network),
        dtype_(parameters[0][0].dtype()),
        data_(program_data(network, train, options_.loss, dtype_, "training")),
        rows_(data_.x.shape(sample_axis(network.layout()))),
        batch_(options_.batch > 0 ? std::min(options_.batch, rows_) : rows_),
        generator_(options_.seed),
        members_(parameters.size()),
        layout_{parameters[0].size(), optimizer_state(options_.optimizer, parameters[0]).size(),
                options_.average_decay > 0 ? parameters[0].size() : 0} {
    fill_schedule();
    judge_by(validation);
    result_.members.resize(members_.size());
    std::iota(members_.begin(), members_.end(), 0);
    std::vector<Array> state;
    for (const std::vector<Array>& own : parameters) {
      const std::vector<Array> first = first_state(options_, own);
      state.insert(state.end(), first.begin(), first.end());
    }
    start_session(std::move(state));
  }

  EnsembleResult run() {
    const Clock::time_point start = Clock::now();
    for (int epoch = 1; epoch <= options_.epochs && !members_.empty(); ++epoch) {
      if (options_.keep_going && !options_.keep_going()) return interrupted();
      if (!run_epoch(epoch, start)) return interrupted();
      dismiss_finished(epoch);
    }
    return std::move(result_);
  }

 private:
  // A schedule without a length spans the whole training.
  void fill_schedule() {
    if (options_.optimizer.total_steps == 0)
      options_.optimizer.total_steps = steps_per_epoch() * options_.epochs;
    options_.optimizer.validate();
  }
  int64_t steps_per_epoch() const { return (rows_ + batch_ - 1) / batch_; }

  void judge_by(const FitData* validation) {
    if (data_.folds) {
      fold_rows_ = rows_by_fold(*data_.folds, members_.size());
      const FitData all{data_.x, data_.y, data_.weights, {}};
      validation_.emplace(network_, options_.loss, all, layout_.parameters);
    } else if (validation) {
      validation_.emplace(network_, options_.loss,
                          program_data(network_, *validation, options_.loss, dtype_, "validation"),
                          layout_.parameters);
    }
  }

  void start_session(std::vector<Array> state) {
    if (session_) steps_before_ += session_->steps();
    session_.emplace(training_step(network_, options_, data_, members_, layout_), std::move(state),
                     SessionOptions{sample_axis(network_.layout())});
  }

  // False: told to end within the epoch.
  bool run_epoch(int epoch, Clock::time_point start) {
    const Clock::time_point epoch_start = Clock::now();
    const int64_t first_step = session_->steps();
    const auto sums = session_->run(
        listed(data_), batches(),
        [&](int64_t step) { return step_scalars(options_, members_, steps_before_ + step); },
        [&] { return may_step(session_->steps() - first_step); });
    if (session_->steps() - first_step < steps_per_epoch()) return false;
    EpochReport report{epoch, options_.epochs, 0, 0, 0, 0, false, {}};
    report.rows_per_second = static_cast<double>(rows_) / seconds_since(epoch_start);
    judge(report, sums);
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

  void judge(EpochReport& report, std::span<const double> sums) {
    const std::vector<Array> state = session_->state();
    const std::size_t metrics = sums.size() / members_.size();
    const auto share = 1 / static_cast<double>(members_.size());
    for (std::size_t i = 0; i < members_.size(); ++i) {
      MemberReport own{members_[i], mean_loss(sums.subspan(i * metrics, metrics), rows_), kNaN,
                       false};
      check_finite(own.loss, "training", own.member, report.epoch);
      judge(own, report.epoch, to_keep(state, i));
      report.loss += own.loss * share;
      report.validation_loss += own.validation_loss * share;
      report.best |= own.best;
      report.members.push_back(own);
    }
  }

  void judge(MemberReport& report, int epoch, std::vector<Array> parameters) {
    EnsembleResult::Member& member = result_.members[static_cast<std::size_t>(report.member)];
    if (validation_) {
      report.validation_loss =
          fold_rows_.empty()
              ? (*validation_)(parameters)
              : (*validation_)(parameters, fold_rows_[static_cast<std::size_t>(report.member)]);
      check_finite(report.validation_loss, "validation", report.member, epoch);
    }
    report.best =
        !validation_ || member.best_epoch == 0 || report.validation_loss < member.best_loss;
    if (!report.best) return;
    member.best_loss = report.validation_loss;
    member.best_epoch = epoch;
    member.parameters = std::move(parameters);
  }

  // The parameters to judge and keep of the i-th in training: averaged, if asked.
  std::vector<Array> to_keep(std::span<const Array> state, std::size_t i) const {
    const auto own = state.subspan(i * layout_.size(), layout_.size());
    const auto kept =
        layout_.averages > 0 ? own.last(layout_.averages) : own.first(layout_.parameters);
    return {kept.begin(), kept.end()};
  }

  // Members whose patience ended leave; the others go on from where they are.
  void dismiss_finished(int epoch) {
    if (!validation_ || options_.patience == 0) return;
    const auto is_finished = [&](int member) {
      return epoch - result_.members[static_cast<std::size_t>(member)].best_epoch >=
             options_.patience;
    };
    if (std::none_of(members_.begin(), members_.end(), is_finished)) return;
    std::vector<int> staying;
    std::vector<Array> state;
    const std::vector<Array> all = session_->state();
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (is_finished(members_[i])) {
        result_.members[static_cast<std::size_t>(members_[i])].stopped_early =
            epoch < options_.epochs;
        continue;
      }
      staying.push_back(members_[i]);
      const auto own = std::span(all).subspan(i * layout_.size(), layout_.size());
      state.insert(state.end(), own.begin(), own.end());
    }
    members_ = std::move(staying);
    if (!members_.empty()) start_session(std::move(state));
  }

  EnsembleResult interrupted() {
    result_.interrupted = true;
    const std::vector<Array> state = session_->state();
    for (std::size_t i = 0; i < members_.size(); ++i) {
      std::vector<Array>& kept = result_.members[static_cast<std::size_t>(members_[i])].parameters;
      if (!validation_ || kept.empty()) kept = to_keep(state, i);
    }
    return std::move(result_);
  }

  void check_finite(double loss, std::string_view which, int member, int epoch) const {
    if (std::isfinite(loss)) return;
    const bool several = result_.members.size() > 1;
    throw ValueError(fmt::format(
        "fit: the {} loss{} became {} in epoch {}; lower the learning rate (it is {}), or "
        "look for NaN and infinite values in the data",
        which, several ? fmt::format(" of network {}", member) : "",
        std::isnan(loss) ? "NaN" : "infinite", epoch, options_.optimizer.learning_rate));
  }

  FitOptions options_;
  const Sequential& network_;
  DType dtype_;
  FitData data_;
  int64_t rows_, batch_;
  Generator generator_;
  std::vector<int> members_;  // in training
  MemberState layout_;
  std::optional<Session> session_;
  int64_t steps_before_ = 0;  // of earlier sessions
  std::optional<Validation> validation_;
  std::vector<std::vector<int64_t>> fold_rows_;  // which judge each member; empty: validation data
  EnsembleResult result_;
};

void check(const FitOptions& options, const std::vector<std::vector<Array>>& members,
           const FitData& train, const FitData* validation) {
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
  if (members.empty()) throw ValueError("fit: there is no network to train");
  if (train.folds && validation)
    throw ValueError(
        "fit: folds judge the networks, so there can't be validation data beside them");
  for (const std::vector<Array>& parameters : members) {
    if (parameters.empty()) throw ValueError("fit: the network has no parameters to train");
    for (const Array& p : parameters)
      if (!is_float(p.dtype()))
        throw DTypeError(fmt::format("fit: parameters must be floats, got {}", name(p.dtype())));
  }
}

}  // namespace

FitResult fit(const Sequential& network, std::vector<Array> parameters, const FitData& train,
              const FitData* validation, const FitOptions& options) {
  EnsembleResult all = fit_ensemble(network, {std::move(parameters)}, train, validation, options);
  EnsembleResult::Member& only = all.members[0];
  return {std::move(only.parameters), std::move(all.history), only.best_epoch, all.interrupted,
          only.stopped_early};
}

EnsembleResult fit_ensemble(const Sequential& network,
                            const std::vector<std::vector<Array>>& parameters, const FitData& train,
                            const FitData* validation, const FitOptions& options) {
  check(options, parameters, train, validation);
  return Training(network, parameters, train, validation, options).run();
}

}  // namespace lanewise::nn
