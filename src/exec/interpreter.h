// Runs a plan step by step, one whole-array kernel a step, from a table of
// kernels: with the scalar table it is the executor `loop`, the oracle of all
// others; with the fast one `vectorized`, as NumPy does it.
#pragma once

#include "exec/backend.h"
#include "kernels/kernels.h"

namespace lanewise::exec {

class Interpreter : public Backend {
 public:
  Interpreter(std::string_view name, const kernels::Family& kernels)
      : name_(name), kernels_(kernels) {}
  std::string_view name() const override { return name_; }
  std::unique_ptr<const Executable> compile(plan::PlanPtr plan, plan::Batch batch) const override;

 private:
  std::string_view name_;
  const kernels::Family& kernels_;
};

}  // namespace lanewise::exec
