// How long single calls of a predictor take: percentiles over many, one JSON object on stdout.
// bench/latency.py sets it beside peers.
//
//     lanewise_latency --rows 16 --calls 10000 --gap 1000

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "lanewise/nn.h"
#include "lanewise/runtime.h"
#include "workloads/data.h"

namespace lanewise::bench {
namespace {

struct Options {
  int64_t rows = 1;
  int calls = 10'000;
  int gap = 0;  // microseconds
  bool bfloat16 = false;
  std::vector<int64_t> hidden = {256, 128};
};

// 100 → 256 → 128 → 1, the click-through network of bench/peers/latency.py, or others like it.
Predictor predictor(const Options& o) {
  std::vector<nn::LayerPtr> layers;
  for (int64_t units : o.hidden) layers.push_back(nn::dense(units, nn::Activation::relu));
  layers.push_back(nn::dense(1, nn::Activation::sigmoid));
  const nn::Sequential network(100, layers);
  std::vector<Array> parameters;
  for (const nn::ParameterShape& p : network.parameter_shapes()) {
    const Array value = parameter(parameters.size(), p.shape);
    parameters.push_back(o.bfloat16 && value.rank() == 2 ? round_to_bfloat16(value) : value);
  }
  eval(parameters);
  return {[=](const Array& x) { return network(parameters, x); }, network.inputs()};
}

nlohmann::ordered_json measure(const Options& o) {
  using Clock = std::chrono::steady_clock;
  const Predictor answer = predictor(o);
  const Array x = uniform(kInputs, {o.rows, answer.features()});
  std::vector<float> out(static_cast<std::size_t>(o.rows * answer.outputs()));
  std::vector<double> seconds;
  for (int call = -o.calls / 10; call < o.calls; ++call) {
    if (o.gap > 0) std::this_thread::sleep_for(std::chrono::microseconds(o.gap));
    const Clock::time_point start = Clock::now();
    answer.predict_into(x.data<float>(), answer.features(), 1, o.rows, out.data());
    const std::chrono::duration<double> taken = Clock::now() - start;
    if (call >= 0) seconds.push_back(taken.count());
  }
  std::sort(seconds.begin(), seconds.end());
  const auto share = [&](double p) {
    return seconds[static_cast<std::size_t>(p * static_cast<double>(seconds.size() - 1))];
  };
  const double sum = std::accumulate(out.begin(), out.end(), 0.0);
  return {{"p50", share(0.5)},
          {"p99", share(0.99)},
          {"p99.9", share(0.999)},
          {"value", sum / static_cast<double>(out.size())}};
}

}  // namespace
}  // namespace lanewise::bench

int main(int argc, char** argv) {
  using namespace lanewise::bench;
  Options options;
  CLI::App app("Percentiles of the time that a call of a predictor takes.");
  app.add_option("--rows", options.rows, "of a call")->check(CLI::PositiveNumber);
  app.add_option("--calls", options.calls)->check(CLI::PositiveNumber);
  app.add_option("--gap", options.gap, "microseconds before each call")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--bfloat16", options.bfloat16, "weights");
  app.add_option("--hidden", options.hidden, "units of the hidden layers")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  std::cout << measure(options).dump() << std::endl;
}
