// Runs one workload and prints a JSON object for each repeat. bench/sweep.py sets it beside peers.
//
//     lanewise_workloads training_rows --m 1000000 --threads 2 --repeats 5
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "lanewise/runtime.h"
#include "workloads/memory.h"
#include "workloads/roofline.h"
#include "workloads/workload.h"

namespace lanewise::bench {
namespace {

struct Options {
  std::string workload;
  Setting setting;
  int threads = thread_count();
  int repeats = 5;
  bool paced = false;
};

std::string known_workloads() {
  std::string text = "Workloads:\n";
  for (const WorkloadRow& row : workloads())
    text += fmt::format("  {:<18}{}\n", row.name, row.summary);
  return text;
}

const WorkloadRow& find_workload(const std::string& name) {
  for (const WorkloadRow& row : workloads())
    if (name == row.name) return row;
  throw CLI::ValidationError("workload", "none is called '" + name + "'\n" + known_workloads());
}

double seconds_of(Workload& workload) {
  const auto start = std::chrono::steady_clock::now();
  workload.run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool next_wanted(const Options& options, int repeat) {
  if (!options.paced) return repeat < options.repeats;
  std::string line;
  return static_cast<bool>(std::getline(std::cin, line));
}

void run(const Options& options) {
  const WorkloadRow& row = find_workload(options.workload);
  set_thread_count(options.threads);
  const Roofline roofline = measure_roofline(options.threads);
  const std::unique_ptr<Workload> workload = row.make(options.setting);
  restart_peak();
  const int64_t before = resident_bytes();
  workload->run();  // plans, first touch of memory
  for (int repeat = 0; next_wanted(options, repeat); ++repeat) {
    const double seconds = seconds_of(*workload), flops = workload->flops();
    const double least = std::max(flops / roofline.flops, workload->bytes() / roofline.bandwidth);
    const int64_t peak = peak_resident_bytes();
    const nlohmann::ordered_json line = {
        {"workload", row.name},
        {"m", options.setting.m},
        {"threads", options.threads},
        {"executor", executor()},
        {"isa", roofline.isa},
        {"seconds", seconds},
        {"flops", flops},
        {"flops_per_second", flops / seconds},
        {"bytes", workload->bytes()},
        {"peak_flops_per_second", roofline.flops},
        {"peak_bytes_per_second", roofline.bandwidth},
        {"roofline_fraction", least / seconds},
        {"value", workload->value()},
        {"peak_memory", peak},
        {"added_memory", peak - before},
    };
    std::cout << line.dump() << std::endl;
  }
}

}  // namespace
}  // namespace lanewise::bench

int main(int argc, char** argv) {
  using namespace lanewise::bench;
  Options options;
  CLI::App app("Runs a workload and prints a JSON object for each repeat.");
  app.footer(known_workloads());
  app.add_option("workload", options.workload)->required();
  app.add_option("--m", options.setting.m, "samples, elements, or rows of a product");
  app.add_option("--layers", options.setting.layers, "widths of the network")->delimiter(',');
  app.add_option("--threads", options.threads)->check(CLI::PositiveNumber);
  app.add_option("--repeats", options.repeats)->check(CLI::PositiveNumber);
  app.add_flag("--paced", options.paced, "a repeat for each line of stdin, until it ends");
  try {
    app.parse(argc, argv);
    run(options);
  } catch (const CLI::Error& error) {
    return app.exit(error);
  } catch (const std::exception& error) {
    fmt::print(stderr, "lanewise_workloads: {}\n", error.what());
    return 1;
  }
  return 0;
}
