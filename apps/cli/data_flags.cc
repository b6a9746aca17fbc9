#include "cli/data_flags.h"

#include "cli/command.h"
#include "lanewise/runtime.h"

namespace lanewise::cli {
namespace {

char separator_from(const std::string& text) {
  if (text == "\\t" || text == "tab") return '\t';
  if (text.size() == 1 && text[0] != '"' && text[0] != '\n' && text[0] != '\r') return text[0];
  throw UsageError("--separator must be one character or 'tab', not '" + text + "'");
}

}  // namespace

CsvOptions CsvFlags::over(CsvOptions options) const {
  options.separator = separator;
  options.header = header;
  options.missing.insert(options.missing.end(), missing.begin(), missing.end());
  return options;
}

void add_csv_flags(CommandLine& line, CsvFlags& flags) {
  const FlagGroup group = line.group("Reading CSV");
  group.text(
      "--separator", [&](const std::string& s) { flags.separator = separator_from(s); }, "CHAR",
      "between fields: a character or 'tab' [detected]");
  const Flag header = group.action(
      "--header", [&] { flags.header = true; }, "the first line holds the names [detected]");
  group
      .action(
          "--no-header", [&] { flags.header = false; }, "the first line holds data")
      .excludes(header);
  group.list("--missing", flags.missing, "TEXT",
             "a text that stands for a missing value, beside '', NA, ?, nan, null and such");
}

void add_axis_flag(CommandLine& line, bool& features_first) {
  line.group()
      .text(
          "--axis",
          [&features_first](const std::string& text) { features_first = text == "features-first"; },
          "LAYOUT", "how the samples lie: one a row, or a feature a row")
      .check(one_of({"samples-first", "features-first"}))
      .by_default("samples-first");
}

void add_run_flags(CommandLine& line) {
  const FlagGroup group = line.group("Running");
  group.count("--threads", set_thread_count, "threads [all processors]").check(at_least(1));
  group.text("--executor", set_executor, "NAME", "what runs the programs").by_default(executor());
}

std::unique_ptr<Source> open_samples(const std::string& name, bool features_first,
                                     const CsvFlags& csv, const Output& output) {
  SourceOptions options;
  options.npy.features_first = features_first;
  options.csv = csv.over({});
  options.csv_dtype = DType::float64;
  options.warn = [&output](const std::string& warning) { output.warn("{}", warning); };
  return open_source(name, options);
}

Table open_table(const std::string& path, const CsvOptions& options, const Output& output) {
  Table table = read_table(path, options);
  for (const std::string& warning : table.warnings) output.warn("{}", warning);
  return table;
}

namespace {

// A file without names whose columns are as many as the model's inputs has those, in their order.
void name_columns(const Model& model, Table& table) {
  const std::vector<std::string>& inputs = model.preprocessor().inputs();
  if (!table.named && table.columns.size() == inputs.size())
    for (size_t i = 0; i < inputs.size(); ++i) table.columns[i].name = inputs[i];
}

class TablesForModel : public TableSource {
 public:
  TablesForModel(const Model& model, std::unique_ptr<TableSource> source)
      : model_(model), source_(std::move(source)) {}
  Table pull(int64_t count) override {
    Table table = source_->pull(count);
    name_columns(model_, table);
    return table;
  }
  std::vector<std::string> warnings() const override { return source_->warnings(); }

 private:
  const Model model_;
  const std::unique_ptr<TableSource> source_;
};

}  // namespace

Table open_table_for(const Model& model, const std::string& path, const CsvFlags& flags,
                     const Output& output) {
  Table table = open_table(path, flags.over(model.csv_options()), output);
  name_columns(model, table);
  return table;
}

std::unique_ptr<TableSource> open_tables_for(const Model& model, const std::string& path,
                                             const CsvFlags& flags) {
  auto source = read_ahead(table_source(path, flags.over(model.csv_options())));
  return std::make_unique<TablesForModel>(model, std::move(source));
}

std::string name_of_data(const std::string& path) { return path == "-" ? "<stdin>" : path; }

void warn_of_rows(const TableSource& tables, const Output& output) {
  for (const std::string& warning : tables.warnings()) output.warn("{}", warning);
}

void warn_of_unseen(const std::map<std::string, int64_t>& unseen, const Output& output) {
  for (const auto& [column, count] : unseen)
    if (count > 0)
      output.warn("column '{}': {} that training never saw, taken as no known category", column,
                  counted(count, "value"));
}

}  // namespace lanewise::cli
