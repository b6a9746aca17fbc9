#include "exec/fused.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include "base/thread_pool.h"
#include "exec/interpreter.h"
#include "exec/run.h"
#include "exec/stage_run.h"
#include "exec/whole_plan.h"
#include "exec/whole_steps.h"

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
  SweptPlan(plan::PlanPtr plan, plan::Sweep sweep)
      : plan_(std::move(plan)), sweep_(std::move(sweep)), whole_(compile_whole(plan_)) {
    for (int t = 0; t < static_cast<int>(sweep_.stages.size()); ++t) {
      between_.emplace_back(*plan_, sweep_.stages[t].whole);
      stages_.push_back(make_stage_program(*plan_, sweep_, t));
      packs_ |= stages_.back().packs();
      multiplies_ |= stages_.back().panels_bytes > 0;
      folds_ |= stages_.back().folds();
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
    for (int i = 0; i < static_cast<int>(plan_->steps.size()); ++i)
      if (sweep_.role[i] == plan::Role::leaf) run.step(i);
    workspace.panels.resize(std::max(workspace.panels.size(), stages_.size()));
    const bool packed = std::exchange(workspace.packed, 0) == number_;
    for (std::size_t t = 0; t < stages_.size(); ++t) {
      between_[t].run(run);
      watch.lap();
      if (!stages_[t].instructions.empty())
        run_stage(stages_[t], run, samples, {workspace.panels[t], workspace.chunks, packed});
      watch.lap();
    }
    workspace.packed = number_;
    run.finish();
  }
  std::string dump() const override {
    return plan_->dump() + exec::dump(*plan_, sweep_, stages_, {});
  }
  std::string profile(const Workspace& workspace) const override {
    if (workspace.seconds.empty()) return dump() + "few samples: ran whole-array\n";
    return plan_->dump() +
           exec::dump(*plan_, sweep_, stages_, {sweep_.samples.at(workspace.m), workspace.seconds});
  }

 private:
  // One block has the same bits either way. Few rows don't repay packing in every run, and much
  // work with something to fold is better done on whole arrays, by all threads.
  bool is_worth_sweeping(int64_t samples) const {
    if (samples > kernels::kBlock) return true;
    double flops = 0;
    for (const StageProgram& stage : stages_) flops += stage.flops * static_cast<double>(samples);
    const bool pays = samples >= kFewRows || (multiplies_ && !packs_);
    return pays && (!folds_ || flops < (thread_count() <= 2 ? kTwoThreads : kManyThreads));
  }
  static constexpr int64_t kFewRows = 16;
  // What is done on the calling thread alone, for so many threads that could share it.
  static constexpr double kTwoThreads = 100e6, kManyThreads = 4e6;

  plan::PlanPtr plan_;
  plan::Sweep sweep_;
  std::unique_ptr<const Executable> whole_;
  std::vector<WholeSteps> between_;  // before each stage
  std::vector<StageProgram> stages_;
  bool multiplies_ = false, packs_ = false, folds_ = false;
  const int64_t number_ = next_number++;
  static inline std::atomic<int64_t> next_number{1};
};

}  // namespace

std::unique_ptr<const Executable> Fused::compile(plan::PlanPtr plan) const {
  plan::Sweep sweep = plan::make_sweep(*plan);
  if (!sweep.worthwhile)
    return Interpreter("vectorized", kernels::fast_family()).compile(std::move(plan));
  return std::make_unique<SweptPlan>(std::move(plan), std::move(sweep));
}

}  // namespace lanewise::exec
