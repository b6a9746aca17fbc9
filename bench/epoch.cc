// Epochs of what `lanewise train` trains by default, one more for each line of stdin: a JSON object
// each, of its seconds and loss. What it learns from, and how, is written to a folder first, so
// that bench/peers/epoch.py can do the same.
//
//     lanewise_epoch adult.csv --target income --networks 8 --export FOLDER

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "lanewise/ops.h"
#include "lanewise/runtime.h"
#include "tabular/rows.h"

namespace lanewise::bench {
namespace {

// x.npy, y.npy; folds.npy where there are several networks; first.npz, the first values of network
// k's i-th parameter as "k/i"; recipe.json.
void write_what_is_trained(const std::string& folder, const Table& table,
                           const TrainOptions& options, const TrainPlan& plan) {
  const TargetValues target = read_target(table, plan.target);
  const Rows rows = split(options, target, false);
  save_npy(folder + "/x.npy", plan.preprocessor->transform(table, pick(target.rows, rows.train)));
  save_npy(folder + "/y.npy", target_array(plan.target, target, rows.train));
  if (!rows.folds.empty())
    save_npy(folder + "/folds.npy", array(rows.folds, {static_cast<int64_t>(rows.folds.size())}));
  Generator generator(options.seed);
  std::map<std::string, Array> first;
  for (int k = 0; k < plan.members; ++k) {
    int i = 0;
    for (const nn::Parameter& p : plan.network->init(generator, options.init))
      first.emplace(std::to_string(k) + "/" + std::to_string(i++), p.value);
  }
  save_npz(folder + "/first.npz", first);
  const nlohmann::json recipe = {{"networks", plan.members},
                                 {"batch", plan.batch},
                                 {"lr", options.optimizer.learning_rate},
                                 {"beta1", options.optimizer.beta1},
                                 {"beta2", options.optimizer.beta2},
                                 {"epsilon", options.optimizer.epsilon},
                                 {"weight_decay", plan.weight_decay},
                                 {"average", options.average_decay},
                                 {"seed", options.seed}};
  std::ofstream(folder + "/recipe.json") << recipe.dump() << std::endl;
}

void run(const std::string& file, const std::string& folder, TrainOptions options) {
  const Table table = read_csv(file);
  int64_t rows = 0;
  bool goes_on = true;
  options.validation = 0;
  options.epochs = 1'000'000;
  options.patience = 0;
  options.on_start = [&](const TrainPlan& plan) {
    if (plan.target.task != Task::binary) throw ValueError("the target must have two classes");
    rows = plan.train_rows;
    write_what_is_trained(folder, table, options, plan);
  };
  options.on_epoch = [&](const nn::EpochReport& report) {
    // The first plans the step.
    if (report.epoch > 1)
      std::cout << nlohmann::json{{"seconds", static_cast<double>(rows) / report.rows_per_second},
                                  {"value", report.loss}}
                       .dump()
                << std::endl;
    std::string line;
    goes_on = static_cast<bool>(std::getline(std::cin, line));
  };
  options.keep_going = [&] { return goes_on; };
  train(table, options);
}

}  // namespace
}  // namespace lanewise::bench

int main(int argc, char** argv) {
  std::string file, folder;
  lanewise::TrainOptions options;
  CLI::App app("Times epochs of the default recipe.");
  app.add_option("file", file, "CSV")->required();
  app.add_option("--target", options.target)->required();
  app.add_option("--networks", options.folds)->required()->check(CLI::PositiveNumber);
  app.add_option("--export", folder, "where to write what is trained")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    lanewise::bench::run(file, folder, options);
  } catch (const std::exception& error) {
    std::cerr << "lanewise_epoch: " << error.what() << std::endl;
    return 1;
  }
}
