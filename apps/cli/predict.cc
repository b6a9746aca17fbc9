// lanewise predict: a prediction for every row, in the order of the input.
#include <cmath>
#include <memory>

#include "cli/command.h"
#include "cli/data_flags.h"
#include "cli/files.h"
#include "io/atomic_file.h"

namespace lanewise::cli {
namespace {

struct Flags {
  std::string model, data, output = "-";
  CsvFlags csv;
};

// As few digits as give the same float32 back.
std::string digits(double value) { return fmt::format("{}", static_cast<float>(value)); }

// Those of float64 where all values of the target are so far from 0 that float32 merges them.
std::string digits(double value, const TargetInfo& target) {
  constexpr double kFar = 64;
  const bool merged = std::abs(target.mean) > kFar * target.scale;
  return merged ? fmt::format("{}", value) : digits(value);
}

std::string csv_header(const std::vector<std::string>& classes) {
  std::string line = "prediction";
  for (const std::string& label : classes) line += "," + csv_quote("probability_" + label);
  return line + "\n";
}

std::string csv_rows(const Prediction& p, const TargetInfo& target) {
  std::vector<std::string> labels;
  for (const std::string& label : target.classes) labels.push_back(csv_quote(label));
  std::string text;
  for (int64_t row = 0; row < p.rows; ++row) {
    if (p.classes == 0) {
      text += digits(p.values[static_cast<size_t>(row)], target) + "\n";
      continue;
    }
    text += labels[static_cast<size_t>(p.best_class(row))];
    for (int64_t k = 0; k < p.classes; ++k)
      text += "," + digits(p.values[static_cast<size_t>(row * p.classes + k)]);
    text += "\n";
  }
  return text;
}

Json to_json(const Prediction& p, const std::vector<std::string>& classes) {
  if (p.classes == 0) return {{"prediction", p.values}};
  Json json = {{"prediction", Json::array()}};
  for (int64_t row = 0; row < p.rows; ++row)
    json["prediction"].push_back(classes[static_cast<size_t>(p.best_class(row))]);
  for (int64_t k = 0; k < p.classes; ++k) {
    Json& column = json["probability_" + classes[static_cast<size_t>(k)]] = Json::array();
    for (int64_t row = 0; row < p.rows; ++row)
      column.push_back(p.values[static_cast<size_t>(row * p.classes + k)]);
  }
  return json;
}

void append(Prediction& all, const Prediction& part) {
  all.values.insert(all.values.end(), part.values.begin(), part.values.end());
  all.rows += part.rows;
}

int predict(const Flags& flags, const Output& output) {
  refuse_same_file({{"--model", flags.model}, {"--data", flags.data}},
                   {{"--output", flags.output}});
  const bool to_file = flags.output != "-";
  std::optional<AtomicFile> file;
  if (to_file) file.emplace(flags.output);  // before the work: it may not be writable
  const Model model = Model::load(flags.model);
  const std::vector<std::string>& classes = model.target().classes;
  const bool as_json = output.json() && !to_file;
  const auto write = [&](const std::string& text) {
    if (to_file) file->write(text.data(), static_cast<int64_t>(text.size()));
    else if (!as_json) output.write(text);
  };

  const auto tables = open_tables_for(model, flags.data, flags.csv);
  std::map<std::string, int64_t> unseen;
  Prediction all{{}, 0, static_cast<int64_t>(classes.size())};  // the values: for JSON only
  const int64_t rows = model.part_rows();
  for (Table part = tables->pull(rows); part.rows > 0; part = tables->pull(rows)) {
    Prediction prediction = model.predict(part, &unseen);
    if (all.rows == 0) write(csv_header(classes));
    write(csv_rows(prediction, model.target()));
    if (!as_json) prediction.values.clear();
    append(all, prediction);
  }
  warn_of_rows(*tables, output);
  warn_of_unseen(unseen, output);

  Json json = {{"model", flags.model},
               {"data", name_of_data(flags.data)},
               {"rows", all.rows},
               {"unseen", unseen}};
  if (as_json) {
    json["predictions"] = to_json(all, classes);
    output.result("", json);
  } else if (to_file) {
    file->commit();
    json["output"] = flags.output;
    output.result(fmt::format("{}: {}\n", flags.output, counted(all.rows, "prediction")), json);
  }
  return kDone;
}

}  // namespace

Run add_predict(CommandLine& line) {
  auto flags = std::make_shared<Flags>();
  const FlagGroup group = line.group();
  group.value("--model", flags->model, "FILE", "a model that train saved").required();
  group.value("--data", flags->data, "FILE", "rows to predict: CSV, .npy or .npz; - is stdin")
      .required();
  group.value("--output", flags->output, "FILE", "CSV to write; - is stdout");
  add_csv_flags(line, flags->csv);
  add_run_flags(line);
  line.footer(R"text(
The output has a header and a row for each row of the input, in its order: the
column prediction and, for classes, a column probability_CLASS each.

Examples:
  lanewise predict --model m.safetensors --data new.csv --output out.csv
  cat new.csv | lanewise predict --model m.safetensors --data - > out.csv)text");
  return [flags](Output& output) { return predict(*flags, output); };
}

}  // namespace lanewise::cli
