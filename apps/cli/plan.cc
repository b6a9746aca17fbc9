// lanewise plan: how a network's program is run, stage by stage.
#include <algorithm>
#include <memory>
#include <sstream>

#include "cli/command.h"
#include "cli/cost_model.h"
#include "lanewise/nn.h"
#include "lanewise/ops.h"
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
  const std::string text = flags.samples > 0 ? program.profile(arguments) : program.dump(arguments);
  Json lines = Json::array();
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  output.result(text, {{"network", flags.network},
                       {"training", flags.training},
                       {"executor", executor()},
                       {"plan", lines}});
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
