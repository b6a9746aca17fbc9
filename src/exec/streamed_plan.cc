#include "exec/streamed_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "exec/run.h"
#include "exec/stage_run.h"
#include "lanewise/error.h"
#include "plan/sample_axes.h"

namespace lanewise::exec {

StreamedPlan::StreamedPlan(plan::PlanPtr plan)
    : plan_(std::move(plan)), sweep_(plan::make_sweep(*plan_, plan::Keeping::nothing)) {
  check();
  for (int input : plan_->inputs)
    if (sweep_.axis[input] >= 0) streamed_.push_back(input);
  for (int t = 0; t < static_cast<int>(sweep_.stages.size()); ++t) {
    between_.emplace_back(*plan_, sweep_.stages[t].whole);
    programs_.push_back(make_stage_program(*plan_, sweep_, sweep_.stages[t], t));
  }
}

void StreamedPlan::refuse(int step, std::string_view why) const {
  throw ValueError(
      fmt::format("the samples come in chunks, but {} needs them all at once: {}; load them into "
                  "memory, or rewrite it with reductions over the samples",
                  graph::name(plan_->steps[step].op), why));
}

void StreamedPlan::check() const {
  for (int i = 0; i < static_cast<int>(plan_->steps.size()); ++i)
    if (!sweep_.why_whole[i].empty()) refuse(i, sweep_.why_whole[i]);
  for (int i : plan_->outputs)
    if (sweep_.role[i] == plan::Role::leaf && sweep_.axis[i] != plan::kNoAxis)
      refuse(i, "it is a result itself");
}

// Samples of a chunk: the same for all stages.
int64_t StreamedPlan::samples_of(int64_t chunk_bytes) const {
  int64_t bytes = 1;
  for (const StageProgram& p : programs_) bytes = std::max(bytes, p.read_bytes + p.written_bytes);
  const auto blocks = static_cast<uint64_t>(chunk_bytes / bytes / kernels::kBlock);
  return kernels::kBlock * static_cast<int64_t>(std::bit_floor(std::max<uint64_t>(blocks, 1)));
}

void StreamedPlan::run(std::span<const Tensor> inputs, SampleFeed& feed, int64_t chunk_bytes,
                       std::span<Tensor> outputs) const {
  plan_->check(inputs);
  Workspace workspace;
  Run run(*plan_, sweep_.place, sweep_.slot_count, kernels::fast_family(), inputs, outputs,
          workspace);
  for (int i = 0; i < static_cast<int>(plan_->steps.size()); ++i)
    if (sweep_.role[i] == plan::Role::leaf) run.step(i);
  const int64_t samples = sweep_.samples.at(run.m());
  StageMemory memory;
  for (int t = 0; t < static_cast<int>(programs_.size()); ++t) {
    between_[t].run(run);
    if (!programs_[t].instructions.empty())
      run_stage(t, run, samples, samples_of(chunk_bytes), feed, memory);
  }
  for (int k = 0; k < static_cast<int>(outputs.size()); ++k)
    if (!streams_output(k)) run.finish(k);
}

// What lies along the samples and comes in no chunk is one value seen as many.
void StreamedPlan::check_repeated(int t, const Run& run) const {
  for (const External& e : programs_[t].externals) {
    if (e.axis < 0 || sweep_.role[e.step] == plan::Role::leaf) continue;
    if (run.view(e.step).strides[e.axis] != 0) refuse(e.step, "it makes a value for each of them");
  }
}

void StreamedPlan::run_stage(int t, Run& run, int64_t samples, int64_t chunk, SampleFeed& feed,
                             StageMemory& memory) const {
  check_repeated(t, run);
  StreamedStage stage(programs_[t], run, samples, chunk, memory);
  feed.rewind();
  for (int64_t first = 0; first < samples; first += chunk) {
    const int64_t count = std::min(chunk, samples - first);
    const std::vector<Tensor> inputs = feed.pull(count);
    for (std::size_t k = 0; k < streamed_.size(); ++k) run.place(streamed_[k], inputs[k]);
    std::vector<std::pair<int, Tensor>> results;  // of steps
    for (const Instruction& in : programs_[t].instructions) {
      if (!in.kept) continue;
      Shape shape = plan_->steps[in.step].shape.at(run.m());
      shape[in.axis] = count;
      results.emplace_back(in.step, Tensor::empty(plan_->steps[in.step].dtype, shape));
      run.place(in.step, results.back().second);
    }
    stage.run_chunk(first, count);
    for (const auto& [step, value] : results)
      for (int k = 0; k < static_cast<int>(plan_->outputs.size()); ++k)
        if (plan_->outputs[k] == step) feed.push(k, value);
  }
  stage.finish();
}

}  // namespace lanewise::exec
