#include "exec/fused.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/thread_pool.h"
#include "exec/interpreter.h"
#include "exec/run.h"
#include "exec/stage_run.h"
#include "exec/whole_plan.h"
#include "exec/whole_steps.h"
#include "plan/parts.h"

namespace lanewise::exec {
namespace {

// Notes the seconds of one part of a run after the other.
class Stopwatch {
 public:
  explicit Stopwatch(Workspace& workspace) : ws_(workspace) {
    ws_.seconds.clear();
    if (ws_.measured) last_ = Clock::now();
  }
  void lap() {
    if (!ws_.measured) return;
    const Clock::time_point before = std::exchange(last_, Clock::now());
    ws_.seconds.push_back(std::chrono::duration<double>(last_ - before).count());
  }

 private:
  using Clock = std::chrono::steady_clock;
  Workspace& ws_;
  Clock::time_point last_;
};

class SweptPlan : public Executable {
 public:
  SweptPlan(plan::PlanPtr plan, plan::Sweep sweep, plan::Batch batch)
      : plan_(std::move(plan)), sweep_(std::move(sweep)), whole_(compile_whole(plan_)) {
    for (int i = 0; i < static_cast<int>(plan_->steps.size()); ++i)
      if (sweep_.role[i] == plan::Role::leaf) leaves_.push_back(i);
    for (int t = 0; t < static_cast<int>(sweep_.stages.size()); ++t) {
      between_.emplace_back(*plan_, sweep_.stages[t].whole);
      programs_.push_back(make_stage_program(*plan_, sweep_, sweep_.stages[t], t, batch));
      packs_ |= programs_.back().packs();
      multiplies_ |= programs_.back().panels_bytes > 0;
      folds_ |= programs_.back().folds();
    }
    overwriting_.emplace(plan_, moments());
    for (int t = 0; t < stage_count(); ++t) {
      parts_.push_back({programs_.size(), 0});
      for (const plan::Stage& part : plan::parts_of(*plan_, sweep_, t))
        programs_.push_back(make_stage_program(*plan_, sweep_, part, t, batch));
      parts_.back().count = programs_.size() - parts_.back().first;
      most_parts_ = std::max(most_parts_, static_cast<int>(parts_.back().count));
    }
  }

  void run(std::span<const Tensor> inputs, std::span<Tensor> outputs,
           Workspace& workspace) const override {
    plan_->check(inputs);
    const int64_t samples = sweep_.samples.at(plan_->rows(inputs));
    Stopwatch watch(workspace);
    if (!is_worth_sweeping(samples)) return whole_->run(inputs, outputs, workspace);
    Run run(*plan_, sweep_.place, sweep_.slot_count, kernels::fast_family(), inputs, outputs,
            workspace);
    for (int leaf : leaves_) run.step(leaf);
    workspace.stages.resize(std::max(workspace.stages.size(), programs_.size()));
    for (int t = 0; t < stage_count(); ++t) {
      between_[t].run(run);
      watch.lap();
      if (!programs_[t].instructions.empty()) run_stage(run, t, samples, workspace);
      watch.lap();
    }
    run.finish();
  }
  bool may_overwrite(int output, int input) const override {
    return overwriting_->allows(output, input) && whole_->may_overwrite(output, input);
  }
  PlanReport report(const Workspace* measured) const override {
    PlanReport report = plan_->report();
    const bool swept = measured && !measured->seconds.empty();
    if (measured && !swept) report.note = "few samples: ran whole-array";
    add_stages(sweep_, stages(),
               swept ? Measured{sweep_.samples.at(measured->m), measured->seconds, measured->stages}
                     : Measured{},
               report);
    return report;
  }

 private:
  int stage_count() const { return static_cast<int>(sweep_.stages.size()); }
  std::span<const StageProgram> stages() const {
    return std::span(programs_).first(sweep_.stages.size());
  }

  std::vector<Moment> moments() const {
    std::vector<Moment> out;
    for (int t = 0; t < stage_count(); ++t) {
      for (Moment& moment : between_[t].moments()) out.push_back(std::move(moment));
      if (!programs_[t].instructions.empty()) out.push_back({{sweep_.stages[t].steps}, true});
    }
    return out;
  }

  // As one program, or as those of its parts.
  void run_stage(Run& run, int t, int64_t samples, Workspace& workspace) const {
    const bool in_parts = samples <= kernels::kBlock && thread_count() > 1 && parts_[t].count > 0;
    const Range range = in_parts ? parts_[t] : Range{static_cast<std::size_t>(t), 1};
    exec::run_stage(std::span(programs_).subspan(range.first, range.count), run, samples,
                    std::span(workspace.stages).subspan(range.first, range.count));
  }

  // One block has the same bits either way. Few rows don't repay packing in every run, and much
  // work with something to fold is better done on whole arrays by many threads: those of a sweep
  // share the products of the block alone, unless parts keep them busy.
  bool is_worth_sweeping(int64_t samples) const {
    if (samples > kernels::kBlock) return true;
    double flops = 0;
    for (const StageProgram& stage : stages()) flops += stage.flops * static_cast<double>(samples);
    const bool pays = samples >= kFewRows || (multiplies_ && !packs_);
    return pays &&
           (!folds_ || thread_count() <= std::max(most_parts_, kFewThreads) || flops < kMuchWork);
  }
  static constexpr int64_t kFewRows = 16;
  static constexpr int kFewThreads = 2;
  static constexpr double kMuchWork = 4e6;

  plan::PlanPtr plan_;
  plan::Sweep sweep_;
  std::unique_ptr<const Executable> whole_;
  std::vector<int> leaves_;
  std::vector<WholeSteps> between_;  // before each stage
  std::optional<Overwriting> overwriting_;
  std::vector<StageProgram> programs_;  // of the stages, then of their parts
  struct Range {
    std::size_t first, count;
  };
  std::vector<Range> parts_;  // of each stage
  int most_parts_ = 1;
  bool multiplies_ = false, packs_ = false, folds_ = false;
};

}  // namespace

std::unique_ptr<const Executable> Fused::compile(plan::PlanPtr plan, plan::Batch batch) const {
  plan::Sweep sweep = plan::make_sweep(*plan, plan::Keeping::what_pays, batch);
  if (!sweep.worthwhile)
    return Interpreter("vectorized", kernels::fast_family()).compile(std::move(plan), batch);
  return std::make_unique<SweptPlan>(std::move(plan), std::move(sweep), batch);
}

}  // namespace lanewise::exec
