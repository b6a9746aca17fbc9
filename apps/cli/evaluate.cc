// lanewise evaluate: how good a model is on rows whose answers are known.
#include <memory>

#include "cli/command.h"
#include "cli/data_flags.h"
#include "cli/report.h"

namespace lanewise::cli {
namespace {

struct Flags {
  std::string model, data, target;
  CsvFlags csv;
};

int evaluate(const Flags& flags, const Output& output) {
  const Model model = Model::load(flags.model);
  const auto tables = open_tables_for(model, flags.data, flags.csv);
  int64_t rows = 0, dropped = 0;
  std::map<std::string, int64_t> unseen;
  const Metrics metrics = model.evaluate(*tables, flags.target, &rows, &dropped, &unseen);
  warn_of_rows(*tables, output);
  warn_of_unseen(unseen, output);
  if (dropped > 0) output.warn("{} without a target left out", counted(dropped, "row"));

  const std::string source = name_of_data(flags.data);
  output.result(fmt::format("{}, {}\n\n{}", source, counted(rows, "row"),
                            metrics_table({{"value", metrics}})),
                {{"model", flags.model},
                 {"data", source},
                 {"rows", rows},
                 {"dropped_rows", dropped},
                 {"metrics", metrics_json(metrics)}});
  return kDone;
}

}  // namespace

Run add_evaluate(CLI::App& app) {
  auto flags = std::make_shared<Flags>();
  app.add_option("--model", flags->model, "a model that train saved")
      ->type_name("FILE")
      ->required();
  app.add_option("--data", flags->data, "rows with answers: CSV, .npy or .npz; - is stdin")
      ->type_name("FILE")
      ->required();
  app.add_option("--target", flags->target,
                 "the column of answers [the one that it was trained on]")
      ->type_name("COLUMN");
  add_csv_flags(app, flags->csv);
  add_run_flags(app);
  app.footer(R"text(
Example:
  lanewise evaluate --model churn.safetensors --data held_out.csv)text");
  return [flags](Output& output) { return evaluate(*flags, output); };
}

}  // namespace lanewise::cli
