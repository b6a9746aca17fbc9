#include "nn/fit_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "lanewise/error.h"
#include "lanewise/runtime.h"
#include "nn/fit_loss.h"
#include "nn/fit_state.h"
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
  using Members = std::vector<std::vector<Array>>;

  // `train` and `validation` make windows of the data that they name.
  Training(const Sequential& network, const Members& parameters, FitWindows train,
           std::optional<FitWindows> validation, FitOptions options)
      : options_(std::move(options)),
        network_(network),
        dtype_(parameters[0][0].dtype()),
        train_(std::move(train)),
        judges_(std::move(validation)),
        rows_(train_.rows()),
        batch_(rows_of_a_step(options_, rows_)),
        layout_{parameters[0].size(), optimizer_state(options_.optimizer, parameters[0]).size(),
                options_.average_decay > 0 ? parameters[0].size() : 0} {
    complete_options();
    if (train_.fields().folds) judge_by_folds(parameters.size());
    else if (judges_) validation_.emplace(network_, options_, *judges_, layout_.parameters);
    at_.generator = Generator(options_.seed);
    at_.result.members.resize(parameters.size());
    at_.members.resize(parameters.size());
    std::iota(at_.members.begin(), at_.members.end(), 0);
    for (const std::vector<Array>& own : parameters) {
      const std::vector<Array> first = first_state(options_, own);
      at_.state.insert(at_.state.end(), first.begin(), first.end());
    }
    if (options_.resume) resume(*options_.resume);
    start_session(std::move(at_.state));
  }

  EnsembleResult run() {
    start_ = Clock::now() - std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(at_.seconds));
    if (options_.on_epoch)
      for (const EpochReport& earlier : at_.result.history) options_.on_epoch(earlier);
    for (; at_.epoch <= options_.epochs && !at_.members.empty(); ++at_.epoch) {
      if (!run_epoch()) return interrupted();
      dismiss_finished();
    }
    return std::move(at_.result);
  }

 private:
  // A schedule without a length spans the whole training; weight decay spares what isn't trained.
  void complete_options() {
    if (options_.optimizer.total_steps == 0)
      options_.optimizer.total_steps = steps_per_epoch() * options_.epochs;
    if (options_.optimizer.decay_factors.empty())
      options_.optimizer.decay_factors = decay_factors(network_);
    options_.optimizer.validate();
    options_.loss_options.validate();
  }
  int64_t steps_per_epoch() const { return (rows_ + batch_ - 1) / batch_; }

  void judge_by_folds(std::size_t members) {
    if (!train_.source()) {  // else told after the first epoch
      const auto folds = rows_by_fold(*train_.load(0).folds, members);
      for (std::size_t k = 0; k < members; ++k)
        check_fold(k, static_cast<int64_t>(folds[k].size()), rows_);
    }
    validation_.emplace(network_, options_, train_, layout_.parameters);
  }

  void resume(const FitState& from) {
    Standing there = standing_from(from);
    // Members that have left took their state along.
    const auto count = static_cast<int>(at_.result.members.size());
    bool fits = there.result.members.size() == at_.result.members.size() &&
                there.state.size() == there.members.size() * layout_.size() &&
                there.epoch_steps >= 0 && there.epoch_steps < steps_per_epoch();
    for (int member : there.members) fits &= member >= 0 && member < count;
    for (std::size_t i = 0; fits && i < there.state.size(); ++i)
      fits = there.state[i].shape() == at_.state[i % layout_.size()].shape() &&
             there.state[i].dtype() == dtype_;
    if (!fits) throw DataError("fit: the state to resume is of other networks or data");
    at_ = std::move(there);
  }

  // Goes on from at_.steps.
  void start_session(std::vector<Array> state) {
    session_.emplace(training_step(network_, options_, train_.fields(), at_.members, layout_),
                     std::move(state), SessionOptions{sample_axis(network_.layout())});
    steps_before_ = at_.steps;
  }

  // False: told to end within the epoch.
  bool run_epoch() {
    const Clock::time_point epoch_start = Clock::now();
    const int64_t done = at_.epoch_steps;
    Generator generator = at_.generator;
    if (batch_ == rows_ && train_.count() > 1 ? !run_whole() : !run_windows(generator))
      return false;
    EpochReport report{at_.epoch, options_.epochs, 0, 0, 0, 0, false, {}};
    report.rows_per_second =
        static_cast<double>(rows_ - done * batch_) / seconds_since(epoch_start);
    judge(report);
    report.seconds = seconds_since(start_);
    at_.result.history.push_back(report);
    at_.generator = generator;
    at_.sums.clear();
    at_.epoch_steps = 0;
    if (options_.on_epoch) options_.on_epoch(report);
    return true;
  }

  // A step on all samples, which never are all in memory.
  bool run_whole() {
    if (!may_step()) return false;
    at_.sums = session_->run(*train_.source(), scalars());
    at_.steps = steps_before_ + session_->steps();
    return true;
  }

  bool run_windows(Generator& generator) {
    const int64_t done = at_.epoch_steps, first_step = at_.steps - done;
    const auto count_steps = [&] {
      at_.steps = steps_before_ + session_->steps();
      at_.epoch_steps = at_.steps - first_step;
    };
    const bool shuffles = options_.shuffle && batch_ < rows_;
    const std::vector<int64_t> blocks =
        shuffles ? train_.shuffled_blocks(generator) : std::vector<int64_t>{};
    int64_t end = 0;  // step of the epoch that ends the window
    for (int64_t w = 0; w < train_.count(); ++w) {
      const int64_t rows = train_.rows_of(w), steps = (rows + batch_ - 1) / batch_;
      const int64_t skipped = std::clamp<int64_t>(done - end, 0, steps);
      const Batches batches = batches_of(rows, shuffles ? &generator : nullptr, skipped);
      end += steps;
      if (skipped == steps) continue;
      session_->run(
          listed(train_.load(w, blocks)), batches, scalars(),
          [&] {
            count_steps();
            return may_step();
          },
          at_.sums);
      count_steps();
      if (at_.epoch_steps < end) return false;
    }
    return true;
  }

  Session::Scalars scalars() const {
    return
        [this](int64_t step) { return step_scalars(options_, at_.members, steps_before_ + step); };
  }

  bool may_step() {
    if (options_.on_progress)
      options_.on_progress(static_cast<double>(at_.epoch_steps) /
                           static_cast<double>(steps_per_epoch()));
    if (options_.on_step) options_.on_step([&] { return state(); });
    return !options_.keep_going || options_.keep_going();
  }

  FitState state() const {
    Standing now = at_;
    now.seconds = seconds_since(start_);
    now.state = session_->state();
    return stored(now);
  }

  // Those of a window after the first `done`, in an order that `generator` draws, if there is one.
  Batches batches_of(int64_t rows, Generator* generator, int64_t done) const {
    if (!generator && done == 0) return {{}, batch_};
    std::vector<int64_t> order(static_cast<std::size_t>(rows));
    if (generator) order = generator->permutation(rows).to_vector<int64_t>();
    else std::iota(order.begin(), order.end(), int64_t{0});
    order.erase(order.begin(), order.begin() + done * batch_);
    return {std::move(order), batch_};
  }

  void judge(EpochReport& report) {
    const std::span<const double> sums(at_.sums);
    const std::size_t metrics = sums.size() / at_.members.size();
    const std::vector<Array> state = session_->state();
    Members kept;
    for (std::size_t i = 0; i < at_.members.size(); ++i) {
      const double loss = mean_loss(sums.subspan(i * metrics, metrics), rows_);
      check_finite(loss, "training", at_.members[i], report.epoch);
      report.members.push_back({at_.members[i], loss, kNaN, false});
      kept.push_back(to_keep(state, i));
    }
    const auto losses = validation_ ? (*validation_)(kept, at_.members) : std::vector<double>{};
    const auto share = 1 / static_cast<double>(at_.members.size());
    for (std::size_t i = 0; i < at_.members.size(); ++i) {
      MemberReport& own = report.members[i];
      if (validation_) own.validation_loss = losses[i];
      keep_if_best(own, report.epoch, std::move(kept[i]));
      report.loss += own.loss * share;
      report.validation_loss += own.validation_loss * share;
      report.best |= own.best;
    }
  }

  void keep_if_best(MemberReport& report, int epoch, std::vector<Array> parameters) {
    EnsembleResult::Member& member = at_.result.members[static_cast<std::size_t>(report.member)];
    if (validation_) check_finite(report.validation_loss, "validation", report.member, epoch);
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
  void dismiss_finished() {
    if (!validation_ || options_.patience == 0) return;
    const auto is_finished = [&](int member) {
      return at_.epoch - at_.result.members[static_cast<std::size_t>(member)].best_epoch >=
             options_.patience;
    };
    if (std::none_of(at_.members.begin(), at_.members.end(), is_finished)) return;
    std::vector<int> staying;
    std::vector<Array> state;
    const std::vector<Array> all = session_->state();
    for (std::size_t i = 0; i < at_.members.size(); ++i) {
      if (is_finished(at_.members[i])) {
        at_.result.members[static_cast<std::size_t>(at_.members[i])].stopped_early =
            at_.epoch < options_.epochs;
        continue;
      }
      staying.push_back(at_.members[i]);
      const auto own = std::span(all).subspan(i * layout_.size(), layout_.size());
      state.insert(state.end(), own.begin(), own.end());
    }
    at_.members = std::move(staying);
    if (!at_.members.empty()) start_session(std::move(state));
  }

  EnsembleResult interrupted() {
    at_.result.interrupted = true;
    const std::vector<Array> state = session_->state();
    for (std::size_t i = 0; i < at_.members.size(); ++i) {
      std::vector<Array>& kept =
          at_.result.members[static_cast<std::size_t>(at_.members[i])].parameters;
      if (!validation_ || kept.empty()) kept = to_keep(state, i);
    }
    return std::move(at_.result);
  }

  void check_finite(double loss, std::string_view which, int member, int epoch) const {
    if (std::isfinite(loss)) return;
    const bool several = at_.result.members.size() > 1;
    throw ValueError(fmt::format(
        "fit: the {} loss{} became {} in epoch {}; lower the learning rate (it is {}), or "
        "look for NaN and infinite values in the data",
        which, several ? fmt::format(" of network {}", member) : "",
        std::isnan(loss) ? "NaN" : "infinite", epoch, options_.optimizer.learning_rate));
  }

  FitOptions options_;
  const Sequential& network_;
  DType dtype_;
  FitWindows train_;
  std::optional<FitWindows> judges_;
  int64_t rows_, batch_;
  MemberState layout_;
  std::optional<Session> session_;
  int64_t steps_before_ = 0;              // of earlier sessions
  std::optional<Validation> validation_;  // by judges_, or the folds of train_
  Standing at_;                           // its array state is the session's
  Clock::time_point start_;
};

}  // namespace

int64_t rows_of_a_step(const FitOptions& options, int64_t rows) {
  const auto [batch, accumulate] = std::pair(options.batch, options.accumulate);
  if (accumulate < 1)
    throw ValueError(fmt::format("fit: accumulate is {}, expected 1 or more", accumulate));
  return batch < 1 || batch > rows / accumulate ? rows : batch * accumulate;
}

EnsembleResult run_training(const Sequential& network,
                            const std::vector<std::vector<Array>>& parameters, FitWindows train,
                            std::optional<FitWindows> validation, const FitOptions& options) {
  return Training(network, parameters, std::move(train), std::move(validation), options).run();
}

}  // namespace lanewise::nn
