#include "array/traced_program.h"

#include "array/eval.h"
#include "graph/build.h"
#include "lanewise/error.h"
#include "passes/pipeline.h"

namespace lanewise {

using graph::NodePtr;
using graph::Program;

namespace {
constexpr int64_t kAnyExtent = -1;              // in the key of a plan for every m
constexpr int64_t kNone = -1, kDiffering = -2;  // numbers of samples that the arguments don't have

// The traces outlive the lock: what they alone hold may be lent by users.
Program optimized(const Program& trace) {
  return {trace.inputs, passes::optimize(trace.outputs, passes::Leaves::constant)};
}
plan::PlanPtr plan_of(const Program& trace) {
  const std::lock_guard lock(graph::graph_mutex());
  return plan::make_plan(optimized(trace));
}
plan::PlanPtr plan_of(const Program& first, const Program& second) {
  const std::lock_guard lock(graph::graph_mutex());
  return plan::make_plan(optimized(first), optimized(second));
}
bool serves(const plan::Plan& plan, const Program& trace, int64_t m) {
  const std::lock_guard lock(graph::graph_mutex());
  return plan::serves(plan, optimized(trace), m);
}

}  // namespace

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

std::shared_ptr<const TracedProgram::Prepared> TracedProgram::make(plan::PlanPtr plan) const {
  if (!plan) return nullptr;
  auto executable = current_backend().compile(plan, batch_);
  std::vector<bool> overwrites;
  for (int k = 0; k < static_cast<int>(plan->outputs.size()); ++k)
    overwrites.push_back(executable->may_overwrite(k, k));
  return std::make_shared<Prepared>(
      Prepared{std::move(plan), std::move(executable), nullptr, std::move(overwrites)});
}

// Null where there is none. What the function refuses of arguments that nobody gave says nothing
// to its user: then it has to take, or refuse, those that were given.
plan::PlanPtr TracedProgram::plan_for_every_m(std::span<const Tensor> arguments) const {
  try {
    return plan_of(trace(arguments, plan::kTraceRows[0]), trace(arguments, plan::kTraceRows[1]));
  } catch (const std::exception&) {
    trace(arguments, -1);
    return nullptr;
  }
}

TracedProgram::ForEveryM& TracedProgram::for_every_m(std::span<const Tensor> arguments) const {
  std::string arguments_key = key(arguments, true);
  if (const auto found = for_every_m_.find(arguments_key); found != for_every_m_.end())
    return found->second;
  ForEveryM made{make(plan_for_every_m(arguments)), {}};
  return for_every_m_.emplace(std::move(arguments_key), std::move(made)).first->second;
}

// Arguments that differ in their numbers of samples are left to the check of the plan.
bool TracedProgram::serves(ForEveryM& entry, std::span<const Tensor> arguments, int64_t m) const {
  if (!entry.prepared) return false;
  if (m == kDiffering) return true;
  if (const auto known = entry.serves.find(m); known != entry.serves.end()) return known->second;
  return entry.serves[m] = lanewise::serves(*entry.prepared->plan, trace(arguments, -1), m);
}

std::shared_ptr<const TracedProgram::Prepared> TracedProgram::exact(
    std::span<const Tensor> arguments) const {
  std::string arguments_key = key(arguments, false);
  if (const auto found = exact_.find(arguments_key); found != exact_.end()) return found->second;
  auto made = make(plan_of(trace(arguments, -1)));
  return exact_.emplace(std::move(arguments_key), std::move(made)).first->second;
}

int64_t TracedProgram::samples(std::span<const Tensor> arguments) const {
  int64_t m = kNone;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (axis_of(i) < 0) continue;
    const Shape& shape = arguments[i].shape;
    const int64_t extent = shape[normalize_axis(axis_of(i), shape.rank(), "compile")];
    m = m == kNone || extent == m ? extent : kDiffering;
  }
  return m;
}

bool TracedProgram::Last::fits(std::span<const Tensor> arguments) const {
  if (backend != &current_backend() || arguments.size() != shapes.size()) return false;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (arguments[i].dtype != dtypes[i] || arguments[i].shape != shapes[i]) return false;
  return true;
}

std::shared_ptr<const TracedProgram::Prepared> TracedProgram::prepare(
    std::span<const Tensor> arguments) const {
  const std::lock_guard lock(mutex_);
  if (last_.fits(arguments)) return last_.prepared;
  Last found{&current_backend(), {}, {}, find_or_make(arguments)};
  for (const Tensor& argument : arguments) {
    found.dtypes.push_back(argument.dtype);
    found.shapes.push_back(argument.shape);
  }
  last_ = std::move(found);
  return last_.prepared;
}

std::shared_ptr<const TracedProgram::Prepared> TracedProgram::find_or_make(
    std::span<const Tensor> arguments) const {
  if (const int64_t m = samples(arguments); m != kNone)
    if (ForEveryM& entry = for_every_m(arguments); serves(entry, arguments, m))
      return entry.prepared;
  // The program depends on the number of samples in a way of its own.
  return exact(arguments);
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
  auto count = static_cast<int64_t>(exact_.size());
  for (const auto& [key, entry] : for_every_m_) count += entry.prepared != nullptr;
  return count;
}

PlanReport TracedProgram::profile(std::span<const Tensor> arguments) const {
  const auto prepared = prepare(arguments);
  std::vector<Tensor> outputs(prepared->plan->outputs.size());
  exec::Workspace workspace;
  workspace.measured = true;
  // The first run also takes memory from the system.
  for (int run = 0; run < 2; ++run) prepared->executable->run(arguments, outputs, workspace);
  return prepared->executable->report(&workspace);
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
