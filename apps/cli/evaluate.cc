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

Run add_evaluate(CommandLine& line) {
  auto flags = std::make_shared<Flags>();
  const FlagGroup group = line.group();
  group.value("--model", flags->model, "FILE", "a model that train saved").required();
  group.value("--data", flags->data, "FILE", "rows with answers: CSV, .npy or .npz; - is stdin")
      .required();
  group.value("--target", flags->target, "COLUMN",
              "the column of answers [the one that it was trained on]");
  add_csv_flags(line, flags->csv);
  add_run_flags(line);
  line.footer(R"text(
Example:
  lanewise evaluate --model churn.safetensors --data held_out.csv)text");
  return [flags](Output& output) { return evaluate(*flags, output); };
}

}  // namespace lanewise::cli
