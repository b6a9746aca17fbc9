#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "exec/stage_program.h"

namespace lanewise::exec {
namespace {

using plan::Plan;
using plan::Stage;
using plan::Step;
using plan::Sweep;

std::string text(const Plan& plan, int i) {
  const Step& s = plan.steps[i];
  return fmt::format("%{} = {} : {} {}", i, graph::name(s.op), name(s.dtype), s.shape.text());
}

// chain: its number, or -1.
std::string text(const Plan& plan, const Instruction& in, int chain) {
  std::string what;
  switch (in.kind) {
    case Instruction::Kind::view: what = "view"; break;
    case Instruction::Kind::compute: what = "kernel"; break;
    case Instruction::Kind::product: what = "product with packed panels"; break;
    case Instruction::Kind::fold:
      what = in.fold.product ? "product over the samples" : "reduction over the samples";
  }
  if (chain >= 0) what += fmt::format(" in chain {}", chain);
  if (in.factors >= 0) what = fmt::format("sum of products (%{})", in.factors);
  if (in.product >= 0 && in.product != in.step)
    what += fmt::format(" (%{}){}{}", in.product, in.bias >= 0 ? ", bias" : "",
                        in.least >= 0 ? ", maximum" : "");
  if (in.kind != Instruction::Kind::view && in.slot >= 0)
    what += fmt::format(", buffer {}", in.slot);
  return fmt::format("{}  {}{}\n", text(plan, in.step), what, in.kept ? ", kept" : "");
}

// A stage as it was predicted and as it ran.
std::string text(const StageProgram& p, int64_t samples, double seconds) {
  const auto n = static_cast<double>(samples);
  const double flops = n * p.flops, read = n * static_cast<double>(p.read_bytes),
               written = n * static_cast<double>(p.written_bytes);
  return fmt::format(
      "  predicted {:.3g} GFLOP, {:.4g} MB read, {:.4g} MB written\n"
      "  measured {:.4g} ms: {:.3g} GFLOP/s, {:.3g} GB/s\n",
      flops * 1e-9, read * 1e-6, written * 1e-6, seconds * 1e3, flops / seconds * 1e-9,
      (read + written) / seconds * 1e-9);
}

// Of the time that threads spent in a stage, what instruction `at` took; the last: their tiles.
// Empty where nothing was measured, or not by itself.
class Shares {
 public:
  Shares(const Measured& measured, std::size_t stage) {
    if (stage >= measured.stages.size()) return;
    spent_ = measured.stages[stage].nanoseconds;
    for (int64_t ns : spent_) total_ += static_cast<double>(ns);
  }
  std::string text(std::size_t at) const {
    if (total_ == 0) return "";
    const double share = static_cast<double>(spent_[at]) / total_;
    return share == 0 ? "        " : fmt::format("{:6.1f} %", 100 * share);
  }

 private:
  std::span<const int64_t> spent_;
  double total_ = 0;
};

}  // namespace

std::string dump(const Plan& plan, const Sweep& sweep, std::span<const StageProgram> stages,
                 const Measured& measured) {
  std::string out =
      fmt::format("sweep in blocks of {} samples, stages: {}\n", kernels::kBlock, stages.size());
  for (std::size_t t = 0; t < stages.size(); ++t) {
    const Stage& stage = sweep.stages[t];
    if (!stage.whole.empty()) out += fmt::format("whole, before stage {}:\n", t);
    for (int i : stage.whole) {
      const std::string_view why = sweep.why_whole[i];
      out += fmt::format("  {}{}{}\n", text(plan, i), why.empty() ? "" : "  whole-array: ", why);
    }
    if (!stage.whole.empty() && !measured.seconds.empty())
      out += fmt::format("  measured {:.4g} ms\n", measured.seconds[2 * t] * 1e3);
    const StageProgram& p = stages[t];
    if (p.instructions.empty()) continue;
    out += fmt::format(
        "stage {}: tiles of {}, {}, {} bytes a thread;\n"
        "  a sample: {:.0f} FLOPs, {} bytes read, {} written\n",
        t, counted(p.tile, "sample"),
        counted(static_cast<int64_t>(stage.buffer_bytes.size()), "buffer"), p.thread_bytes, p.flops,
        p.read_bytes, p.written_bytes);
    const Shares shares(measured, t);
    for (int i = 0; i < static_cast<int>(p.instructions.size()); ++i) {
      const auto chain = std::find_if(p.chains.begin(), p.chains.end(),
                                      [i](const Chain& c) { return c.begin <= i && i < c.end; });
      const auto number = chain == p.chains.end() ? -1 : chain - p.chains.begin();
      out += shares.text(i) + "  " + text(plan, p.instructions[i], static_cast<int>(number));
    }
    if (const std::string share = shares.text(p.instructions.size()); !share.empty())
      out += share + "  views of tiles and copies of features apart\n";
    if (!measured.seconds.empty()) out += text(p, measured.samples, measured.seconds[2 * t + 1]);
  }
  return out;
}

}  // namespace lanewise::exec
