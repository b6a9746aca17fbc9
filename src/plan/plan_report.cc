#include "lanewise/plan_report.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/counted.h"

namespace lanewise {
namespace {

using Instruction = PlanReport::Instruction;
using Stage = PlanReport::Stage;
using Step = PlanReport::Step;

class Writer {
 public:
  explicit Writer(const PlanReport& report) : report_(report) {}

  std::string write() {
    add_steps();
    if (report_.block > 0)
      add("sweep in blocks of {} samples, stages: {}\n", report_.block, report_.stages.size());
    for (std::size_t t = 0; t < report_.stages.size(); ++t) add_stage(t);
    if (!report_.note.empty()) add("{}\n", report_.note);
    return std::move(text_);
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }

  void add_steps() {
    add("plan: {}, {}{}\n", counted(std::ssize(report_.steps), "step"),
        counted(report_.slots, "slot"), report_.for_every_m ? ", one plan for every m" : "");
    for (std::size_t i = 0; i < report_.steps.size(); ++i) {
      const Step& s = report_.steps[i];
      std::string operands;
      for (int operand : s.operands)
        operands += fmt::format("{}%{}", operands.empty() ? "" : ", ", operand);
      add("%{} = {}({}) : {} {}  {} {}{}\n", i, s.operation, operands, name(s.dtype), s.shape,
          s.storage, s.place, s.is_view ? " (view)" : "");
    }
    text_ += "return";
    for (int output : report_.outputs) add(" %{}", output);
    text_ += "\n";
  }

  std::string value(int step) const {
    const Step& s = report_.steps[static_cast<std::size_t>(step)];
    return fmt::format("%{} = {} : {} {}", step, s.operation, name(s.dtype), s.shape);
  }

  void add_stage(std::size_t t) {
    const Stage& stage = report_.stages[t];
    if (!stage.before.empty()) {
      add("whole, before stage {}:\n", t);
      for (const auto& [step, why] : stage.before)
        add("  {}{}{}\n", value(step), why.empty() ? "" : "  whole-array: ", why);
      if (stage.seconds_before) add("  measured {:.4g} ms\n", *stage.seconds_before * 1e3);
    }
    if (stage.instructions.empty()) return;
    add("stage {}: tiles of {}, {}, {} bytes a thread;\n"
        "  a sample: {:.0f} FLOPs, {} bytes read, {} written\n",
        t, counted(stage.tile, "sample"), counted(stage.buffers, "buffer"), stage.thread_bytes,
        stage.flops, stage.read_bytes, stage.written_bytes);
    for (const Instruction& in : stage.instructions) add_instruction(in);
    if (stage.share_of_tiles)
      add("{}  views of tiles and copies of features apart\n", percent(*stage.share_of_tiles));
    if (stage.seconds) add_rates(stage);
  }

  static std::string percent(double share) {
    return share == 0 ? "        " : fmt::format("{:6.1f} %", 100 * share);
  }

  void add_instruction(const Instruction& in) {
    add("{}  {}  {}", in.share ? percent(*in.share) : "", value(in.step), in.kind);
    if (in.chain >= 0) add(" in chain {}", in.chain);
    if (in.product >= 0) add(" (%{})", in.product);
    add("{}{}", in.bias ? ", bias" : "", in.maximum ? ", maximum" : "");
    if (in.buffer >= 0) add(", buffer {}", in.buffer);
    add("{}\n", in.kept ? ", kept" : "");
  }

  // A stage as it was predicted and as it ran.
  void add_rates(const Stage& stage) {
    const auto n = static_cast<double>(report_.samples);
    const double flops = n * stage.flops, read = n * static_cast<double>(stage.read_bytes),
                 written = n * static_cast<double>(stage.written_bytes);
    add("  predicted {:.3g} GFLOP, {:.4g} MB read, {:.4g} MB written\n"
        "  measured {:.4g} ms: {:.3g} GFLOP/s, {:.3g} GB/s\n",
        flops * 1e-9, read * 1e-6, written * 1e-6, *stage.seconds * 1e3,
        flops / *stage.seconds * 1e-9, (read + written) / *stage.seconds * 1e-9);
  }

  const PlanReport& report_;
  std::string text_;
};

}  // namespace

std::string to_text(const PlanReport& report) { return Writer(report).write(); }

}  // namespace lanewise
