// lanewise plan: how a network's program is run, stage by stage.
#include <algorithm>
#include <memory>
#include <optional>

#include "cli/command.h"
#include "cli/cost_model.h"
#include "lanewise/nn.h"
#include "lanewise/ops.h"
#include "lanewise/plan_report.h"
#include "lanewise/runtime.h"

namespace lanewise::cli {
namespace {

struct Flags {
  std::string network;
  bool training = false;
  bool columns = false;
  int64_t samples = 0;  // to run on; 0: none
};

nn::Sequential network_of(const Flags& flags) {
  const std::vector<int64_t> widths = parse_widths(flags.network);
  std::vector<nn::LayerPtr> layers;
  for (std::size_t i = 1; i < widths.size(); ++i)
    layers.push_back(nn::dense(
        widths[i], i + 1 < widths.size() ? nn::Activation::tanh : nn::Activation::identity));
  return {widths[0], layers, flags.columns ? nn::Layout::columns : nn::Layout::rows};
}

// One step of gradient descent on the squared error, or the network alone.
CompiledFunction program_of(const nn::Sequential& network, const Flags& flags) {
  const int axis = flags.columns ? 1 : 0;
  CompileOptions options{{axis, axis}};
  return compile(
      [network, training = flags.training](const std::vector<Array>& a) -> std::vector<Array> {
        const std::vector<Array> parameters(a.begin() + 2, a.end());
        const Array output = network(parameters, a[0]);
        if (!training) return {output};
        const Array loss = nn::mean_squared_error(output, a[1]);
        std::vector<Array> results = {loss};
        const std::vector<Array> slopes = gradients(loss, parameters);
        for (std::size_t i = 0; i < parameters.size(); ++i)
          results.push_back(parameters[i] - slopes[i] * 0.01);
        return results;
      },
      options);
}

Json to_json(const PlanReport::Step& step) {
  return {{"operation", step.operation}, {"operands", step.operands}, {"dtype", name(step.dtype)},
          {"shape", step.shape},         {"storage", step.storage},   {"place", step.place},
          {"view", step.is_view}};
}

// Numbers that there are not are null.
Json number(int n) { return n < 0 ? Json() : Json(n); }
Json number(std::optional<double> x) { return x ? Json(*x) : Json(); }

Json to_json(const PlanReport::Instruction& in) {
  return {{"step", in.step},
          {"kind", in.kind},
          {"chain", number(in.chain)},
          {"product", number(in.product)},
          {"bias", in.bias},
          {"maximum", in.maximum},
          {"buffer", number(in.buffer)},
          {"kept", in.kept},
          {"share", number(in.share)}};
}

Json to_json(const PlanReport::Stage& stage) {
  Json before = Json::array(), instructions = Json::array();
  for (const auto& [step, why] : stage.before) before.push_back({{"step", step}, {"why", why}});
  for (const PlanReport::Instruction& in : stage.instructions) instructions.push_back(to_json(in));
  return {{"whole_before", before},
          {"seconds_before", number(stage.seconds_before)},
          {"tile", stage.tile},
          {"buffers", stage.buffers},
          {"thread_bytes", stage.thread_bytes},
          {"flops_per_sample", stage.flops},
          {"bytes_read_per_sample", stage.read_bytes},
          {"bytes_written_per_sample", stage.written_bytes},
          {"instructions", instructions},
          {"seconds", number(stage.seconds)},
          {"share_of_tiles", number(stage.share_of_tiles)}};
}

Json to_json(const PlanReport& report) {
  Json steps = Json::array(), stages = Json::array();
  for (const PlanReport::Step& step : report.steps) steps.push_back(to_json(step));
  for (const PlanReport::Stage& stage : report.stages) stages.push_back(to_json(stage));
  return {{"steps", steps},
          {"outputs", report.outputs},
          {"slots", report.slots},
          {"for_every_m", report.for_every_m},
          {"block", report.block},
          {"stages", stages},
          {"samples", report.samples},
          {"note", report.note}};
}

int run(const Flags& flags, const Output& output) {
  const nn::Sequential network = network_of(flags);
  // A plan serves every number of samples: without a run it is made on few of them.
  const int64_t m = flags.samples > 0 ? flags.samples : 2;
  auto data = [&](int64_t width) {
    const Array x = zeros(flags.columns ? Shape{width, m} : Shape{m, width}) + 0.5;
    x.eval();
    return x;
  };
  std::vector<Array> arguments = {data(network.inputs()), data(network.outputs())};
  for (const nn::ParameterShape& p : network.parameter_shapes())
    arguments.push_back(zeros(p.shape));
  const CompiledFunction program = program_of(network, flags);
  const PlanReport report = program.report(arguments, flags.samples > 0);
  Json json = {{"network", flags.network}, {"training", flags.training}, {"executor", executor()}};
  json.update(to_json(report));
  output.result(to_text(report), json);
  return kDone;
}

}  // namespace

Run add_plan(CommandLine& line) {
  auto flags = std::make_shared<Flags>();
  const FlagGroup group = line.group();
  group.value("NETWORK", flags->network, "", "widths from input to output, as 100-64-1").required();
  group.toggle("--training", flags->training, "a step of training, not only the network");
  group.toggle("--columns", flags->columns, "samples are columns, not rows");
  group
      .value("--samples", flags->samples, "N",
             "also run it on so many samples and show what each stage took")
      .check(at_least(1))
      .by_default("");
  line.footer(R"text(
Examples:
  lanewise plan 100-64-1 --training
  lanewise plan 100-64-1 --training --samples 1000000)text");
  return [flags](Output& output) { return run(*flags, output); };
}

}  // namespace lanewise::cli
