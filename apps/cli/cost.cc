// lanewise cost: what a network needs before anybody trains it.
#include <memory>

#include "cli/command.h"
#include "cli/cost_model.h"

namespace lanewise::cli {
namespace {

struct Flags {
  std::string network;
  int64_t samples = 1;
  std::string dtype = "float32";
};

Json to_json(const Cost& c) {
  return {{"parameters", c.parameters},
          {"multiply_adds", c.forward},
          {"flops", 2 * c.forward},
          {"backward_multiply_adds", c.backward},
          {"backward_flops", 2 * c.backward},
          {"training_flops", 2 * (c.forward + c.backward)},
          {"parameter_bytes", c.parameter_bytes},
          {"activation_bytes", c.activation_bytes},
          {"activation_and_z_bytes", 2 * c.activation_bytes}};
}

Json to_json(const NetworkCost& cost, const Flags& flags) {
  Json json = {{"network", cost.widths},
               {"samples", flags.samples},
               {"dtype", flags.dtype},
               {"input_bytes", cost.input_bytes},
               {"layers", Json::array()}};
  for (const LayerCost& layer : cost.layers) {
    Json row = {{"inputs", layer.inputs}, {"outputs", layer.outputs}};
    row.update(to_json(layer));
    json["layers"].push_back(row);
  }
  json["total"] = to_json(cost.total);
  return json;
}

std::vector<std::string> row(const std::string& name, const Cost& c) {
  return {name,
          grouped(c.parameters),
          data_size(static_cast<double>(c.parameter_bytes)),
          with_unit(static_cast<double>(c.forward)),
          with_unit(2.0 * static_cast<double>(c.forward)),
          with_unit(2.0 * static_cast<double>(c.backward)),
          data_size(static_cast<double>(c.activation_bytes)),
          data_size(2.0 * static_cast<double>(c.activation_bytes))};
}

std::string to_text(const NetworkCost& cost, const Flags& flags) {
  std::vector<std::vector<std::string>> rows = {
      {"layer", "parameters", "memory", "mult-adds", "FLOPs", "backward", "A", "A + Z"}};
  for (const LayerCost& layer : cost.layers)
    rows.push_back(row(fmt::format("{}→{}", layer.inputs, layer.outputs), layer));
  rows.push_back(row("total", cost.total));
  const double training = 2.0 * static_cast<double>(cost.total.forward + cost.total.backward);
  return fmt::format(
      "{}, {}; X {}\n{}\nA training step: {}FLOPs forward and backward.\n"
      "A multiply-add is 2 FLOPs, 1 MB is 10^6 bytes. A are the layers' outputs, Z what\n"
      "a training step keeps beside them; a whole-array program holds them for all\n"
      "samples, a tiled one for a tile.\n",
      counted(flags.samples, "sample"), flags.dtype,
      data_size(static_cast<double>(cost.input_bytes)), text_table(rows),
      with_unit(training) + (training < 999.95 ? " " : ""));
}

int run(const Flags& flags, const Output& output) {
  const NetworkCost cost =
      network_cost(parse_widths(flags.network), flags.samples, dtype_from_name(flags.dtype));
  output.result(to_text(cost, flags), to_json(cost, flags));
  return kDone;
}

}  // namespace

Run add_cost(CommandLine& line) {
  auto flags = std::make_shared<Flags>();
  const FlagGroup group = line.group();
  group.value("NETWORK", flags->network, "", "widths from input to output, as 100-64-32-1")
      .required();
  group.value("--samples", flags->samples, "N", "samples that run through it").check(at_least(1));
  group.value("--dtype", flags->dtype, "NAME", "element type: float32 or float64")
      .check(one_of({"float32", "float64"}));
  line.footer(R"text(
Example:
  lanewise cost 100-64-32-1 --samples 10000 --dtype float64)text");
  return [flags](Output& output) { return run(*flags, output); };
}

}  // namespace lanewise::cli
