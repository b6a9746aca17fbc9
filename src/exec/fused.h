// The executor `fused`: the sweep of plan/sweep.h, one pass over the samples a stage.
// Programs and runs that a sweep does not pay for are left to the executor `vectorized`.
#pragma once

#include "exec/backend.h"

namespace lanewise::exec {

class Fused : public Backend {
 public:
  std::string_view name() const override { return "fused"; }
  std::unique_ptr<const Executable> compile(plan::PlanPtr plan, plan::Batch batch) const override;
};

}  // namespace lanewise::exec
