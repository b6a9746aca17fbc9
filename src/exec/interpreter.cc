#include "exec/interpreter.h"

#include "exec/run.h"

namespace lanewise::exec {
namespace {

class InterpretedPlan : public Executable {
 public:
  InterpretedPlan(plan::PlanPtr plan, const kernels::Family& kernels)
      : plan_(std::move(plan)), kernels_(kernels) {
    for (const plan::Step& step : plan_->steps) places_.push_back(step.place);
  }

  void run(std::span<const Tensor> inputs, std::span<Tensor> outputs,
           Workspace& workspace) const override {
    plan_->check(inputs);
    Run run(*plan_, places_, plan_->slot_count, kernels_, inputs, outputs, workspace);
    for (int i = 0; i < static_cast<int>(plan_->steps.size()); ++i) run.step(i);
    run.finish();
  }
  PlanReport report(const Workspace* /*measured*/) const override { return plan_->report(); }

 private:
  plan::PlanPtr plan_;
  const kernels::Family& kernels_;
  std::vector<int> places_;
};

}  // namespace

std::unique_ptr<const Executable> Interpreter::compile(plan::PlanPtr plan,
                                                       plan::Batch /*batch*/) const {
  return std::make_unique<InterpretedPlan>(std::move(plan), kernels_);
}

}  // namespace lanewise::exec
