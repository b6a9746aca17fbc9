// Runs a plan over samples that come in chunks and are never all in memory: a pass over them for
// each stage of its sweep, with the bits of a run in memory.
#pragma once

#include <span>
#include <vector>

#include "exec/backend.h"
#include "exec/stage_program.h"
#include "exec/whole_steps.h"

namespace lanewise::exec {

// Where the samples of a streamed run come from, and go to.
class SampleFeed {
 public:
  virtual ~SampleFeed() = default;
  virtual void rewind() = 0;  // to the first sample, before each pass
  // The next `count` samples, which are there: a tensor for each input along the samples, in the
  // order of the inputs. They hold until the next pull.
  virtual std::vector<Tensor> pull(int64_t count) = 0;
  // As many samples of result k, which lies along them.
  virtual void push(int k, Tensor samples) = 0;
};

class StreamedPlan {
 public:
  // Errors: ValueError naming the step that needs all samples at once, and why.
  explicit StreamedPlan(plan::PlanPtr plan);

  // Inputs along the samples have their whole shape and no memory. Sets the outputs that don't lie
  // along the samples; the others go to the feed.
  void run(std::span<const Tensor> inputs, SampleFeed& feed, int64_t chunk_bytes,
           std::span<Tensor> outputs) const;

  // Whether input or result k lies along the samples.
  bool streams_input(int k) const { return sweep_.axis[plan_->inputs[k]] >= 0; }
  bool streams_output(int k) const { return is_swept(plan_->outputs[k]); }
  // Along which axis, −1 where it doesn't.
  int output_axis(int k) const { return streams_output(k) ? sweep_.axis[plan_->outputs[k]] : -1; }
  const plan::Plan& plan() const { return *plan_; }

 private:
  bool is_swept(int step) const { return sweep_.role[step] == plan::Role::swept; }
  void check() const;
  void check_repeated(int t, const Run& run) const;
  [[noreturn]] void refuse(int step, std::string_view why) const;
  int64_t samples_of(int64_t chunk_bytes) const;
  void run_stage(int t, Run& run, int64_t samples, int64_t chunk, SampleFeed& feed,
                 StageMemory& memory) const;

  plan::PlanPtr plan_;
  plan::Sweep sweep_;
  std::vector<int> streamed_;           // inputs along the samples, their steps
  std::vector<WholeSteps> between_;     // before each stage
  std::vector<StageProgram> programs_;  // of each stage
};

}  // namespace lanewise::exec
