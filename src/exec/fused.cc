#include "exec/fused.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/thread_pool.h"
#include "exec/interpreter.h"
#include "exec/run.h"
#include "exec/stage_run.h"
#include "exec/whole_steps.h"
#include "plan/parts.h"

namespace lanewise::exec {
namespace {

class Stopwatch {
 public:
  double lap() {  // seconds since the last one
    const Clock::time_point before = std::exchange(last_, Clock::now());
    return std::chrono::duration<double>(last_ - before).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point last_ = Clock::now();
};

class SweptPlan : public Executable {
 public:
  SweptPlan(plan::PlanPtr plan, plan::Sweep sweep)
      : plan_(std::move(plan)),
        sweep_(std::move(sweep)),
        whole_(Interpreter("vectorized", kernels::fast_family()).compile(plan_)) {
    for (int t = 0; t < static_cast<int>(sweep_.stages.size()); ++t) {
      between_.emplace_back(*plan_, sweep_.stages[t].whole);
      stages_.push_back(make_stage_program(*plan_, sweep_, sweep_.stages[t], t));
      parts_.emplace_back();
      for (const plan::Stage& part : plan::parts_of(*plan_, sweep_, t))
        parts_.back().push_back(make_stage_program(*plan_, sweep_, part, t));
    }
  }

  void run(std::span<const Tensor> inputs, std::span<Tensor> outputs,
           Workspace& workspace) const override {
    plan_->check(inputs);
    const int64_t samples = sweep_.samples.at(plan_->rows(inputs));
    workspace.seconds.clear();
    if (!is_worth_sweeping(samples)) return whole_->run(inputs, outputs, workspace);
    Run run(*plan_, sweep_.place, sweep_.slot_count, kernels::fast_family(), inputs, outputs,
            workspace);
    for (int i = 0; i < static_cast<int>(plan_->steps.size()); ++i)
      if (sweep_.role[i] == plan::Role::leaf) run.step(i);
    Stopwatch watch;
    for (std::size_t t = 0; t < stages_.size(); ++t) {
      between_[t].run(run);
      workspace.seconds.push_back(watch.lap());
      if (!stages_[t].instructions.empty())
        run_stage(programs(static_cast<int>(t), samples), run, samples, workspace.stage);
      workspace.seconds.push_back(watch.lap());
    }
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
  // What runs stage t: one program, or those of its parts.
  std::span<const StageProgram> programs(int t, int64_t samples) const {
    if (samples <= kernels::kBlock && thread_count() > 1 && !parts_[t].empty()) return parts_[t];
    return {&stages_[t], 1};
  }

  // One block has the same bits either way. Few rows don't repay packing, and much work is better
  // done on whole arrays, by all threads, unless its parts keep them busy.
  bool is_worth_sweeping(int64_t samples) const {
    if (samples > kernels::kBlock) return true;
    double flops = 0;
    std::size_t parts = 0;
    for (std::size_t t = 0; t < stages_.size(); ++t) {
      flops += stages_[t].flops * static_cast<double>(samples);
      parts = std::max(parts, parts_[t].size());
    }
    const int busy = std::max(2, static_cast<int>(parts));
    return samples >= kFewRows && (thread_count() <= busy || flops < kOneThread);
  }
  static constexpr int64_t kFewRows = 16;
  static constexpr double kOneThread = 4e6;

  plan::PlanPtr plan_;
  plan::Sweep sweep_;
  std::unique_ptr<const Executable> whole_;
  std::vector<WholeSteps> between_;  // before each stage
  std::vector<StageProgram> stages_;
  std::vector<std::vector<StageProgram>> parts_;  // of each stage
};

}  // namespace

std::unique_ptr<const Executable> Fused::compile(plan::PlanPtr plan) const {
  plan::Sweep sweep = plan::make_sweep(*plan);
  if (!sweep.worthwhile)
    return Interpreter("vectorized", kernels::fast_family()).compile(std::move(plan));
  return std::make_unique<SweptPlan>(std::move(plan), std::move(sweep));
}

}  // namespace lanewise::exec
