#include "array/traced_program.h"

#include "array/eval.h"
#include "graph/build.h"
#include "lanewise/error.h"
#include "passes/pipeline.h"

namespace lanewise {

using graph::NodePtr;
using graph::Program;

namespace {
constexpr int64_t kAnyExtent = -1;  // in the key of a plan for every m
}

int TracedProgram::axis_of(std::size_t argument) const {
  return argument < sample_axis_.size() ? sample_axis_[argument] : -1;
}

// rows < 0: the extents that the arguments have.
Program TracedProgram::trace(std::span<const Tensor> arguments, int64_t rows) const {
  Program program;
  std::vector<Array> traced;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    Shape shape = arguments[i].shape;
    if (rows >= 0 && axis_of(i) >= 0)
      shape[normalize_axis(axis_of(i), shape.rank(), "compile")] = rows;
    program.inputs.push_back(graph::input(arguments[i].dtype, shape));
    traced.emplace_back(program.inputs.back());
  }
  for (const Array& result : f_(traced)) program.outputs.push_back(result.node());
  program.outputs = passes::optimize(std::move(program.outputs), passes::Leaves::constant);
  return program;
}

std::string TracedProgram::key(std::span<const Tensor> arguments, bool any_m) const {
  constexpr std::size_t kUsualRank = 2;
  std::string key(current_backend().name());
  key.reserve(key.size() + arguments.size() * (2 + kUsualRank) * sizeof(int64_t));
  const auto add = [&key](int64_t number) {
    key.append(reinterpret_cast<const char*>(&number), sizeof(number));
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    add(static_cast<int64_t>(arguments[i].dtype));
    add(arguments[i].rank());
    for (int axis = 0; axis < arguments[i].rank(); ++axis)
      add(any_m && axis == axis_of(i) ? kAnyExtent : arguments[i].shape[axis]);
  }
  return key;
}

std::shared_ptr<const TracedProgram::Prepared> TracedProgram::make(
    std::span<const Tensor> arguments, bool any_m) const {
  plan::PlanPtr plan = any_m ? plan::make_plan(trace(arguments, plan::kTraceRows[0]),
                                               trace(arguments, plan::kTraceRows[1]))
                             : plan::make_plan(trace(arguments, -1));
  if (!plan) return nullptr;
  auto executable = current_backend().compile(plan);
  std::vector<bool> overwrites;
  for (int k = 0; k < static_cast<int>(plan->outputs.size()); ++k)
    overwrites.push_back(executable->may_overwrite(k, k));
  return std::make_shared<Prepared>(
      Prepared{std::move(plan), std::move(executable), nullptr, std::move(overwrites)});
}

std::shared_ptr<const TracedProgram::Prepared> TracedProgram::prepare(
    std::span<const Tensor> arguments) const {
  bool has_samples = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) has_samples |= axis_of(i) >= 0;
  const std::lock_guard lock(mutex_);
  if (has_samples) {
    const auto [entry, is_new] = prepared_.try_emplace(key(arguments, true));
    if (is_new) entry->second = make(arguments, true);
    if (entry->second) return entry->second;
  }
  // The program depends on the number of samples in a way of its own.
  auto& exact = prepared_[key(arguments, false)];
  if (!exact) exact = make(arguments, false);
  return exact;
}

const exec::StreamedPlan& TracedProgram::prepare_streamed(std::span<const Tensor> arguments) const {
  const auto prepared = prepare(arguments);
  if (prepared->plan->m_input < 0)
    throw ValueError(
        "the samples come in chunks, but the function has no argument along them (see "
        "CompileOptions::sample_axis), or uses their number in another way than as an extent");
  const std::lock_guard lock(mutex_);
  if (!prepared->streamed)
    prepared->streamed = std::make_unique<exec::StreamedPlan>(prepared->plan);
  return *prepared->streamed;
}

int64_t TracedProgram::plan_count() const {
  const std::lock_guard lock(mutex_);
  int64_t count = 0;
  for (const auto& [key, prepared] : prepared_) count += prepared != nullptr;
  return count;
}

std::string TracedProgram::profile(std::span<const Tensor> arguments) const {
  const auto prepared = prepare(arguments);
  std::vector<Tensor> outputs(prepared->plan->outputs.size());
  exec::Workspace workspace;
  workspace.measured = true;
  // The first run also takes memory from the system.
  for (int run = 0; run < 2; ++run) prepared->executable->run(arguments, outputs, workspace);
  return prepared->executable->profile(workspace);
}

void TracedProgram::run(std::span<const Tensor> arguments, std::vector<Tensor>& outputs) const {
  const auto prepared = prepare(arguments);
  outputs.resize(prepared->plan->outputs.size());
  run(*prepared, arguments, outputs);
}

void TracedProgram::run_over(std::span<const Tensor> arguments, std::size_t given,
                             std::vector<Tensor>& outputs) const {
  const auto prepared = prepare(arguments);
  for (std::size_t k = 0; k < given; ++k) {
    const bool together = outputs[k].data == arguments[k].data;
    if (prepared->overwrites[k] && !together) outputs[k] = arguments[k];
    else if (!prepared->overwrites[k] && together)
      outputs[k] = Tensor::empty(arguments[k].dtype, arguments[k].shape);
  }
  outputs.resize(prepared->plan->outputs.size());
  run(*prepared, arguments, outputs);
}

void TracedProgram::run(const Prepared& prepared, std::span<const Tensor> arguments,
                        std::span<Tensor> outputs) const {
  std::unique_ptr<exec::Workspace> workspace = workspaces_.take();
  prepared.executable->run(arguments, outputs, *workspace);
  workspaces_.give_back(std::move(workspace));
}

}  // namespace lanewise
