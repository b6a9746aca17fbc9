// What runs a plan. A backend compiles a plan once; the executable is run many
// times, from any number of threads, each with a workspace of its own.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/tensor.h"
#include "lanewise/plan_report.h"
#include "plan/sweep.h"

namespace lanewise::exec {

// What a stage of a sweep, or a part of one, needs beside its threads' memory.
struct StageMemory {
  Tensor panels;       // packed matrices
  Tensor chunks;       // the results of its chunks
  int64_t packed = 0;  // StageProgram::number of whose constants `panels` hold
  // Where a run is measured: what all threads spent on each instruction (on a chain, counted for
  // its first) and, the last, on finding their tiles.
  std::vector<int64_t> nanoseconds;
};

// Scratch memory of a run. Kept between runs it makes them free of allocation;
// it belongs to one run at a time.
struct Workspace {
  std::vector<Tensor> slots;
  std::deque<Tensor> results;  // that are no output themselves, but show through one
  std::vector<View> views;     // of each step, valid during a run, as their owners
  std::vector<const std::shared_ptr<void>*> owners;
  std::vector<StageMemory> stages;  // of the programs of a sweep
  // What the last swept run took, where it is to be `measured`, in seconds: the whole steps before
  // stage t at 2 t, that stage at 2 t + 1. Empty after a run on whole arrays.
  bool measured = false;
  std::vector<double> seconds;
  // Which program `views` were last laid out for, and for which m: those on slots still fit it.
  const void* program = nullptr;
  int64_t m = -1;
};

class Executable {
 public:
  virtual ~Executable() = default;
  // Runs the plan on `inputs` (checked against it). An entry of `outputs` that
  // has memory of the right shape and dtype, row-major, receives the result;
  // else it is set to a tensor that may share memory with an input.
  virtual void run(std::span<const Tensor> inputs, std::span<Tensor> outputs,
                   Workspace& workspace) const = 0;
  // Whether output number `output` may have the memory of input number `input`, of its shape and
  // dtype. A run that fails leaves the input as it was.
  virtual bool may_overwrite(int /*output*/, int /*input*/) const { return false; }
  // The plan, and how this backend runs it; with what the last run in a workspace took.
  virtual PlanReport report(const Workspace* measured) const = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  // batch: of every run.
  virtual std::unique_ptr<const Executable> compile(plan::PlanPtr plan,
                                                    plan::Batch batch) const = 0;
  std::unique_ptr<const Executable> compile(plan::PlanPtr plan) const {
    return compile(std::move(plan), plan::Batch::any);
  }
};

// All backends; the first is the default.
std::span<const Backend* const> backends();
// Errors: ValueError naming the known ones.
const Backend& backend(std::string_view name);

}  // namespace lanewise::exec
