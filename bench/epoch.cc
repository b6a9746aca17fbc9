// Epochs of training, one more for each line of stdin: a JSON object each, of its seconds and loss.
// What learns from what, and how, is written to a folder first, so that bench/peers/epoch.py can
// do the same.
//
//     lanewise_epoch recipe adult.csv --target income --networks 8 --export FOLDER
//     lanewise_epoch network --layers 28 64 1 --samples 500000 --batch 256 --export FOLDER
//
// The first is what `lanewise train` does by default, the second a network of ReLU and Adam on
// made-up numbers.

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "lanewise/ops.h"
#include "lanewise/random.h"
#include "lanewise/runtime.h"
#include "tabular/rows.h"

namespace lanewise::bench {
namespace {

// first.npz: the first values of network k's i-th parameter as "k/i".
void write_first(const std::string& folder, const std::vector<std::vector<Array>>& first) {
  std::map<std::string, Array> named;
  for (std::size_t k = 0; k < first.size(); ++k)
    for (std::size_t i = 0; i < first[k].size(); ++i)
      named.emplace(std::to_string(k) + "/" + std::to_string(i), first[k][i]);
  save_npz(folder + "/first.npz", named);
}

void write_recipe(const std::string& folder, const OptimizerOptions& adam, double average,
                  const nn::BatchOptions& batches, std::size_t networks) {
  const nlohmann::json recipe = {{"networks", networks},       {"batch", batches.batch},
                                 {"shuffle", batches.shuffle}, {"lr", adam.learning_rate},
                                 {"beta1", adam.beta1},        {"beta2", adam.beta2},
                                 {"epsilon", adam.epsilon},    {"weight_decay", adam.weight_decay},
                                 {"average", average},         {"seed", batches.seed}};
  std::ofstream(folder + "/recipe.json") << recipe.dump() << std::endl;
}

std::vector<std::vector<Array>> first_values(const nn::Sequential& network, Generator& generator,
                                             nn::Init init, int networks) {
  std::vector<std::vector<Array>> first(static_cast<std::size_t>(networks));
  for (auto& own : first)
    for (const nn::Parameter& p : network.init(generator, init)) own.push_back(p.value);
  return first;
}

// Trains on for each line of stdin.
class Pace {
 public:
  template <class Options>
  void set(Options& options, const int64_t& rows) {
    options.on_epoch = [this, &rows](const nn::EpochReport& report) {
      // The first plans the step.
      if (report.epoch > 1)
        std::cout << nlohmann::json{{"seconds", static_cast<double>(rows) / report.rows_per_second},
                                    {"value", report.loss}}
                         .dump()
                  << std::endl;
      std::string line;
      goes_on_ = static_cast<bool>(std::getline(std::cin, line));
    };
    options.keep_going = [this] { return goes_on_; };
    options.epochs = 1'000'000;
    options.patience = 0;
  }

 private:
  bool goes_on_ = true;
};

// x.npy, y.npy; folds.npy where there are several networks.
void write_table(const std::string& folder, const Table& table, const TrainOptions& options,
                 const TrainPlan& plan) {
  const TargetValues target = read_target(table, plan.target);
  const Rows rows = split(options, target, false);
  save_npy(folder + "/x.npy", plan.preprocessor->transform(table, pick(target.rows, rows.train)));
  save_npy(folder + "/y.npy", target_array(plan.target, target, rows.train));
  if (!rows.folds.empty())
    save_npy(folder + "/folds.npy", array(rows.folds, {static_cast<int64_t>(rows.folds.size())}));
}

void train_recipe(const std::string& file, const std::string& folder, TrainOptions options) {
  const Table table = read_csv(file);
  int64_t rows = 0;
  Pace pace;
  pace.set(options, rows);
  options.validation = 0;
  options.on_start = [&](const TrainPlan& plan) {
    if (plan.target.task != Task::binary) throw ValueError("the target must have two classes");
    rows = plan.train_rows;
    write_table(folder, table, options, plan);
    Generator generator(options.seed);
    const auto first = first_values(*plan.network, generator, options.init, plan.members);
    write_first(folder, first);
    OptimizerOptions adam = options.optimizer;
    adam.weight_decay = plan.weight_decay;
    nn::BatchOptions batches;
    batches.batch = plan.batch;
    batches.seed = options.seed;
    write_recipe(folder, adam, options.average_decay, batches, first.size());
  };
  train(table, options);
}

struct Network {
  std::vector<int64_t> layers;
  int64_t samples = 0;
  int networks = 1;
};

void train_network(const Network& given, const std::string& folder, nn::FitOptions options) {
  std::vector<nn::LayerPtr> layers;
  for (std::size_t i = 1; i < given.layers.size(); ++i)
    layers.push_back(nn::dense(given.layers[i], i + 1 < given.layers.size()
                                                    ? nn::Activation::relu
                                                    : nn::Activation::identity));
  const nn::Sequential network(given.layers.front(), layers);
  const int64_t classes = network.outputs();
  Generator generator(options.seed);
  const Array x = astype(generator.rand({given.samples, network.inputs()}), DType::float32) - 0.5;
  // Which of the first features is the largest, or whether their sum is positive.
  const Array y = classes > 1 ? astype(argmax(x[{slice(), slice(0, classes)}], 1), DType::int32)
                              : astype(sum(x, 1, true) > 0, DType::float32);
  eval(x, y);
  const auto first = first_values(network, generator, nn::Init::he, given.networks);
  options.loss = classes > 1 ? nn::Loss::softmax_cross_entropy : nn::Loss::binary_cross_entropy;
  options.average_decay = 0;
  save_npy(folder + "/x.npy", x);
  save_npy(folder + "/y.npy", y);
  write_first(folder, first);
  write_recipe(folder, options.optimizer, 0, options, first.size());
  Pace pace;
  pace.set(options, given.samples);
  nn::fit_ensemble(network, first, {x, y, {}}, nullptr, options);
}

}  // namespace
}  // namespace lanewise::bench

int main(int argc, char** argv) {
  using namespace lanewise;
  std::string file, folder;
  TrainOptions train;
  bench::Network network;
  nn::FitOptions fit;
  fit.shuffle = false;
  CLI::App app("Times epochs of training.");
  app.require_subcommand(1);
  const auto subcommand = [&](const char* name, int& networks) {
    CLI::App* command = app.add_subcommand(name);
    command->add_option("--networks", networks)->check(CLI::PositiveNumber);
    command->add_option("--export", folder, "where to write what is trained")->required();
    return command;
  };
  CLI::App* recipe = subcommand("recipe", train.folds);
  recipe->add_option("file", file, "CSV")->required();
  recipe->add_option("--target", train.target)->required();
  CLI::App* made_up = subcommand("network", network.networks);
  made_up->add_option("--layers", network.layers, "their widths")->required()->expected(2, 99);
  made_up->add_option("--samples", network.samples)->required()->check(CLI::PositiveNumber);
  made_up->add_option("--batch", fit.batch)->check(CLI::PositiveNumber);
  made_up->add_flag("--shuffle", fit.shuffle);
  CLI11_PARSE(app, argc, argv);
  try {
    if (recipe->parsed()) bench::train_recipe(file, folder, train);
    else bench::train_network(network, folder, fit);
  } catch (const std::exception& error) {
    std::cerr << "lanewise_epoch: " << error.what() << std::endl;
    return 1;
  }
}
