#include <algorithm>

#include "exec/stage_program.h"

namespace lanewise::exec {
namespace {

using plan::Plan;
using plan::Sweep;

std::string_view kind(const Instruction& in) {
  if (in.factors >= 0) return "sum of products";
  switch (in.kind) {
    case Instruction::Kind::view: return "view";
    case Instruction::Kind::compute: return "kernel";
    case Instruction::Kind::product: return "product with packed panels";
    case Instruction::Kind::fold: break;
  }
  return in.fold.product ? "product over the samples" : "reduction over the samples";
}

PlanReport::Instruction report(const StageProgram& program, int at) {
  const Instruction& in = program.instructions[static_cast<std::size_t>(at)];
  PlanReport::Instruction out;
  out.step = in.step;
  out.kind = kind(in);
  const auto chain = std::find_if(program.chains.begin(), program.chains.end(),
                                  [at](const Chain& c) { return c.begin <= at && at < c.end; });
  if (chain != program.chains.end()) out.chain = static_cast<int>(chain - program.chains.begin());
  if (in.factors >= 0) out.product = in.factors;
  else if (in.product != in.step) out.product = in.product;
  out.bias = in.bias >= 0;
  out.maximum = in.least >= 0;
  if (in.kind != Instruction::Kind::view) out.buffer = in.slot;
  out.kept = in.kept;
  return out;
}

// Of the time that threads spent in a stage, what each instruction and, last, their tiles took;
// nothing where they were not measured by themselves.
void add_shares(std::span<const int64_t> nanoseconds, PlanReport::Stage& stage) {
  double total = 0;
  for (int64_t ns : nanoseconds) total += static_cast<double>(ns);
  if (total == 0) return;
  const auto share = [&](std::size_t at) { return static_cast<double>(nanoseconds[at]) / total; };
  for (std::size_t i = 0; i < stage.instructions.size(); ++i)
    stage.instructions[i].share = share(i);
  stage.share_of_tiles = share(stage.instructions.size());
}

}  // namespace

void add_stages(const Sweep& sweep, std::span<const StageProgram> programs,
                const Measured& measured, PlanReport& report) {
  report.block = kernels::kBlock;
  report.samples = measured.samples;
  for (std::size_t t = 0; t < programs.size(); ++t) {
    const StageProgram& p = programs[t];
    PlanReport::Stage stage;
    for (int i : sweep.stages[t].whole)
      stage.before.push_back({i, std::string(sweep.why_whole[static_cast<std::size_t>(i)])});
    for (int i = 0; i < static_cast<int>(p.instructions.size()); ++i)
      stage.instructions.push_back(exec::report(p, i));
    stage.tile = p.tile;
    stage.buffers = static_cast<int64_t>(sweep.stages[t].buffer_bytes.size());
    stage.thread_bytes = p.thread_bytes;
    stage.flops = p.flops;
    stage.read_bytes = p.read_bytes;
    stage.written_bytes = p.written_bytes;
    if (!measured.seconds.empty()) {
      if (!stage.before.empty()) stage.seconds_before = measured.seconds[2 * t];
      if (!stage.instructions.empty()) stage.seconds = measured.seconds[2 * t + 1];
    }
    if (t < measured.stages.size() && !stage.instructions.empty())
      add_shares(measured.stages[t].nanoseconds, stage);
    report.stages.push_back(std::move(stage));
  }
}

}  // namespace lanewise::exec
