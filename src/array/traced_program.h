// A function of arrays, traced to a program and planned once for every number
// of samples. Compiled functions, sessions and predictors run through it. Where it
// first meets a number, it traces once more: that plan must run the same program.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "exec/streamed_plan.h"
#include "exec/workspace_pool.h"
#include "lanewise/array.h"

namespace lanewise {

class TracedProgram {
 public:
  // sample_axis: per argument, −1 for none; missing entries count as −1.
  TracedProgram(Function f, std::vector<int> sample_axis, plan::Batch batch = plan::Batch::any)
      : f_(std::move(f)), sample_axis_(std::move(sample_axis)), batch_(batch) {}

  struct Prepared {
    plan::PlanPtr plan;
    std::unique_ptr<const exec::Executable> executable;
    mutable std::unique_ptr<const exec::StreamedPlan> streamed;  // once it is asked for
    std::vector<bool> overwrites;                                // output k may lie over argument k
  };
  // What runs on arguments of these dtypes and shapes. Reentrant.
  std::shared_ptr<const Prepared> prepare(std::span<const Tensor> arguments) const;
  // Runs; outputs as Executable::run takes them (empty: as many as needed).
  void run(std::span<const Tensor> arguments, std::vector<Tensor>& outputs) const;
  // The same with what prepare() made: an output for each of the program.
  void run(const Prepared& prepared, std::span<const Tensor> arguments,
           std::span<Tensor> outputs) const;
  // The first `given` arguments, row-major, are given up for as many outputs of their shapes and
  // dtypes: those that can lie over them then do. A run that fails leaves them as they were.
  void run_over(std::span<const Tensor> arguments, std::size_t given,
                std::vector<Tensor>& outputs) const;
  // What runs on samples in chunks; arguments along them may have no memory.
  // Errors: ValueError where the program needs all samples at once.
  const exec::StreamedPlan& prepare_streamed(std::span<const Tensor> arguments) const;
  // The plan for these arguments, after a run on them: what was predicted and measured.
  PlanReport profile(std::span<const Tensor> arguments) const;
  int64_t plan_count() const;

 private:
  struct ForEveryM {
    std::shared_ptr<const Prepared> prepared;  // null where the function can't be planned so
    std::unordered_map<int64_t, bool> serves;  // by the numbers of samples met so far
  };
  // What ran last, on arguments of which backend, dtypes and shapes: mostly it runs again.
  struct Last {
    const exec::Backend* backend = nullptr;
    std::vector<DType> dtypes;
    std::vector<Shape> shapes;
    std::shared_ptr<const Prepared> prepared;

    bool fits(std::span<const Tensor> arguments) const;
  };
  std::shared_ptr<const Prepared> find_or_make(std::span<const Tensor> arguments) const;
  std::shared_ptr<const Prepared> make(plan::PlanPtr plan) const;
  ForEveryM& for_every_m(std::span<const Tensor> arguments) const;
  std::shared_ptr<const Prepared> exact(std::span<const Tensor> arguments) const;
  plan::PlanPtr plan_for_every_m(std::span<const Tensor> arguments) const;
  bool serves(ForEveryM& entry, std::span<const Tensor> arguments, int64_t m) const;
  int64_t samples(std::span<const Tensor> arguments) const;
  // As the function makes it; before it is planned, passes go over it.
  graph::Program trace(std::span<const Tensor> arguments, int64_t rows) const;
  int axis_of(std::size_t argument) const;
  std::string key(std::span<const Tensor> arguments, bool any_m) const;

  Function f_;
  std::vector<int> sample_axis_;
  plan::Batch batch_;  // of every run
  mutable std::mutex mutex_;
  mutable Last last_;
  mutable std::map<std::string, ForEveryM> for_every_m_;
  mutable std::map<std::string, std::shared_ptr<const Prepared>> exact_;
  mutable exec::WorkspacePool workspaces_;
};

}  // namespace lanewise
