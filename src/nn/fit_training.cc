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
  // `train` and `validation` make windows of the data that they name.
  Training(std::vector<Ensemble> ensembles, FitWindows train, std::optional<FitWindows> validation,
           BatchOptions options)
      : options_(std::move(options)),
        train_(std::move(train)),
        judges_(std::move(validation)),
        rows_(train_.rows()),
        batch_(rows_of_a_step(options_, rows_)),
        all_(std::move(ensembles), steps_per_epoch()),
        epochs_(all_.epochs()) {
    if (train_.fields().folds) judge_by_folds();
    else if (judges_) validation_.emplace(all_, options_.loss, *judges_);
    at_.generator = Generator(options_.seed);
    at_.result.members.resize(static_cast<std::size_t>(all_.count()));
    at_.failures.resize(all_.ensembles().size());
    for (int member = 0; member < all_.count(); ++member) {
      at_.members.push_back(member);
      for (Array& a : all_.first_state(member)) at_.state.push_back(std::move(a));
    }
    if (options_.resume) resume(*options_.resume);
    start_session(std::move(at_.state));
  }

  std::vector<EnsembleResult> run() {
    start_ = Clock::now() - std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(at_.seconds));
    if (options_.on_epoch)
      for (const EpochReport& earlier : at_.result.history) options_.on_epoch(earlier);
    for (; at_.epoch <= epochs_ && !at_.members.empty(); ++at_.epoch) {
      if (!run_epoch()) return interrupted();
      dismiss_finished();
    }
    return results();
  }

 private:
  int64_t steps_per_epoch() const { return (rows_ + batch_ - 1) / batch_; }

  void judge_by_folds() {
    if (!train_.source()) {  // else told after the first epoch
      const auto folds = rows_by_fold(*train_.load(0).folds, all_.folds());
      for (std::size_t k = 0; k < folds.size(); ++k)
        check_fold(static_cast<int>(k), static_cast<int64_t>(folds[k].size()), rows_);
    }
    validation_.emplace(all_, options_.loss, train_);
  }

  void resume(const FitState& from) {
    Standing there = standing_from(from);
    if (!fits(there)) throw DataError("fit: the state to resume is of other networks or data");
    at_ = std::move(there);
  }

  // Whether networks and data are those at hand, of which all are in training.
  bool fits(const Standing& there) const {
    if (there.result.members.size() != at_.result.members.size() ||
        there.failures.size() != at_.failures.size() || there.epoch_steps < 0 ||
        there.epoch_steps >= steps_per_epoch())
      return false;
    const auto now = all_.parted(at_.state, at_.members);
    std::vector<Array> expected;  // members that have left took their state along
    for (int member : there.members) {
      if (member < 0 || member >= all_.count()) return false;
      const auto own = now[static_cast<std::size_t>(member)];
      expected.insert(expected.end(), own.begin(), own.end());
    }
    return std::equal(there.state.begin(), there.state.end(), expected.begin(), expected.end(),
                      [](const Array& a, const Array& b) {
                        return a.shape() == b.shape() && a.dtype() == b.dtype();
                      });
  }

  // Goes on from at_.steps.
  void start_session(std::vector<Array> state) {
    session_.emplace(training_step(all_, at_.members, options_.loss, train_.fields()),
                     std::move(state), SessionOptions{all_.axis()});
    steps_before_ = at_.steps;
  }

  // False: told to end within the epoch.
  bool run_epoch() {
    const Clock::time_point epoch_start = Clock::now();
    const int64_t done = at_.epoch_steps;
    Generator generator = at_.generator;
    if (batch_ == rows_ && train_.count() > 1 ? !run_whole() : !run_windows(generator))
      return false;
    EpochReport report{at_.epoch, epochs_, 0, 0, 0, 0, false, {}};
    report.rows_per_second =
        static_cast<double>(rows_ - done * batch_) / seconds_since(epoch_start);
    judge(report);
    report.seconds = seconds_since(start_);
    at_.generator = generator;
    at_.sums.clear();
    at_.epoch_steps = 0;
    if (report.members.empty()) return true;  // all have failed
    at_.result.history.push_back(report);
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
    return [this](int64_t step) {
      return step_scalars(all_, at_.members, options_.seed, steps_before_ + step);
    };
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
    std::vector<std::vector<Array>> kept = to_keep(session_->state());
    for (std::size_t i = 0; i < at_.members.size(); ++i) {
      report.members.push_back(
          {at_.members[i], mean_loss(sums.subspan(i * metrics, metrics), rows_), kNaN, false});
      check(report.members[i].loss, "training", at_.members[i], report.epoch);
    }
    if (validation_) {
      const std::vector<double> losses = (*validation_)(kept, at_.members);
      for (std::size_t i = 0; i < at_.members.size(); ++i) {
        report.members[i].validation_loss = losses[i];
        check(losses[i], "validation", at_.members[i], report.epoch);
      }
    }
    for (std::size_t i = 0; i < at_.members.size(); ++i)
      if (!has_failed(at_.members[i]))
        keep_if_best(report.members[i], report.epoch, std::move(kept[i]));
    std::erase_if(report.members, [this](const auto& own) { return has_failed(own.member); });
    summarize(report);
  }

  void keep_if_best(MemberReport& report, int epoch, std::vector<Array> parameters) {
    EnsembleResult::Member& member = at_.result.members[static_cast<std::size_t>(report.member)];
    report.best =
        !validation_ || member.best_epoch == 0 || report.validation_loss < member.best_loss;
    if (!report.best) return;
    member.best_loss = report.validation_loss;
    member.best_epoch = epoch;
    member.parameters = std::move(parameters);
  }

  // The parameters to judge and keep of those in training: averaged, if asked.
  std::vector<std::vector<Array>> to_keep(std::span<const Array> state) const {
    const auto states = all_.parted(state, at_.members);
    std::vector<std::vector<Array>> all;
    for (std::size_t i = 0; i < states.size(); ++i) {
      const MemberState layout = all_.layout(at_.members[i]);
      const auto kept = layout.averages > 0 ? states[i].last(layout.averages)
                                            : states[i].first(layout.parameters);
      all.emplace_back(kept.begin(), kept.end());
    }
    return all;
  }

  bool is_finished(int member) const {
    const MemberOptions& options = all_.options(member);
    if (at_.epoch >= options.epochs || has_failed(member)) return true;
    return validation_ && options.patience > 0 &&
           at_.epoch - at_.result.members[static_cast<std::size_t>(member)].best_epoch >=
               options.patience;
  }

  // Members whose patience or epochs ended leave, or that failed; the others go on from where they
  // are.
  void dismiss_finished() {
    if (std::none_of(at_.members.begin(), at_.members.end(),
                     [this](int member) { return is_finished(member); }))
      return;
    const std::vector<Array> all = session_->state();
    const auto states = all_.parted(all, at_.members);
    std::vector<int> staying;
    std::vector<Array> state;
    for (std::size_t i = 0; i < states.size(); ++i) {
      const int member = at_.members[i];
      if (is_finished(member)) {
        at_.result.members[static_cast<std::size_t>(member)].stopped_early =
            at_.epoch < all_.options(member).epochs && !has_failed(member);
        continue;
      }
      staying.push_back(member);
      state.insert(state.end(), states[i].begin(), states[i].end());
    }
    at_.members = std::move(staying);
    if (!at_.members.empty()) start_session(std::move(state));
  }

  std::vector<EnsembleResult> interrupted() {
    at_.result.interrupted = true;
    std::vector<std::vector<Array>> now = to_keep(session_->state());
    for (std::size_t i = 0; i < at_.members.size(); ++i) {
      std::vector<Array>& kept =
          at_.result.members[static_cast<std::size_t>(at_.members[i])].parameters;
      if (!validation_ || kept.empty()) kept = std::move(now[i]);
    }
    return results();
  }

  std::vector<EnsembleResult> results() {
    for (int member = 0; member < all_.count(); ++member) {
      std::vector<Array>& kept = at_.result.members[static_cast<std::size_t>(member)].parameters;
      if (has_failed(member) && kept.empty())
        kept = all_.ensemble(member).parameters[static_cast<std::size_t>(all_.number(member))];
    }
    return all_.by_ensemble(std::move(at_.result), std::move(at_.failures));
  }

  bool has_failed(int member) const { return !at_.failures[all_.ensemble_of(member)].empty(); }

  // Without a finite loss the ensemble of the member has failed.
  void check(double loss, std::string_view which, int member, int epoch) {
    if (std::isfinite(loss) || has_failed(member)) return;
    const Ensemble& own = all_.ensemble(member);
    at_.failures[all_.ensemble_of(member)] = fmt::format(
        "fit: the {} loss{} became {} in epoch {}; lower the learning rate (it is {}), or "
        "look for NaN and infinite values in the data",
        which, own.parameters.size() > 1 ? fmt::format(" of network {}", all_.number(member)) : "",
        std::isnan(loss) ? "NaN" : "infinite", epoch, own.options.optimizer.learning_rate);
  }

  BatchOptions options_;
  FitWindows train_;
  std::optional<FitWindows> judges_;
  int64_t rows_, batch_;
  Members all_;
  int epochs_;
  std::optional<Session> session_;
  int64_t steps_before_ = 0;              // of earlier sessions
  std::optional<Validation> validation_;  // by judges_, or the folds of train_
  Standing at_;                           // its array state is the session's
  Clock::time_point start_;
};

}  // namespace

int64_t rows_of_a_step(const BatchOptions& options, int64_t rows) {
  const auto [batch, accumulate] = std::pair(options.batch, options.accumulate);
  if (accumulate < 1)
    throw ValueError(fmt::format("fit: accumulate is {}, expected 1 or more", accumulate));
  return batch < 1 || batch > rows / accumulate ? rows : batch * accumulate;
}

std::vector<EnsembleResult> run_training(std::vector<Ensemble> ensembles, FitWindows train,
                                         std::optional<FitWindows> validation,
                                         const BatchOptions& options) {
  return Training(std::move(ensembles), std::move(train), std::move(validation), options).run();
}

}  // namespace lanewise::nn
