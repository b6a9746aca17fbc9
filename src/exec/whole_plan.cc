#include "exec/whole_plan.h"

#include <optional>

#include "exec/run.h"
#include "exec/whole_steps.h"
#include "plan/placement.h"

namespace lanewise::exec {
namespace {

using plan::Storage;

class WholePlan : public Executable {
 public:
  explicit WholePlan(plan::PlanPtr plan) : plan_(std::move(plan)) {
    std::vector<int> computed;
    sweep_.kept.resize(plan_->steps.size());
    for (int i = 0; i < static_cast<int>(plan_->steps.size()); ++i) {
      const Storage storage = plan_->steps[i].storage;
      const bool leaf = storage == Storage::bound || storage == Storage::constant;
      sweep_.role.push_back(leaf ? plan::Role::leaf : plan::Role::whole);
      (leaf ? leaves_ : computed).push_back(i);
    }
    steps_ = WholeSteps(*plan_, computed);
    // A stage a round: so no value takes up the memory of one that a later round reads.
    const std::vector<Moment> moments = steps_.moments();
    for (const Moment& round : moments) {
      sweep_.stages.emplace_back();
      for (const std::vector<int>& pass : round.groups)
        sweep_.stages.back().whole.insert(sweep_.stages.back().whole.end(), pass.begin(),
                                          pass.end());
    }
    plan::assign_places(*plan_, sweep_);
    overwriting_.emplace(plan_, moments);
  }

  void run(std::span<const Tensor> inputs, std::span<Tensor> outputs,
           Workspace& workspace) const override {
    plan_->check(inputs);
    Run run(*plan_, sweep_.place, sweep_.slot_count, kernels::fast_family(), inputs, outputs,
            workspace);
    for (int i : leaves_) run.step(i);
    steps_.run(run);
    run.finish();
  }
  bool may_overwrite(int output, int input) const override {
    return overwriting_->allows(output, input);
  }
  PlanReport report(const Workspace* /*measured*/) const override { return plan_->report(); }

 private:
  plan::PlanPtr plan_;
  plan::Sweep sweep_;  // that sweeps nothing
  std::vector<int> leaves_;
  WholeSteps steps_;
  std::optional<Overwriting> overwriting_;
};

}  // namespace

std::unique_ptr<const Executable> compile_whole(plan::PlanPtr plan) {
  return std::make_unique<WholePlan>(std::move(plan));
}

}  // namespace lanewise::exec
