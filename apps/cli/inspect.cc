// lanewise inspect: what is in a file, or in this machine.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/cpu.h"
#include "cli/command.h"
#include "cli/data_flags.h"
#include "cli/report.h"
#include "cli/summaries.h"
#include "data/file_names.h"
#include "data/npy_source.h"
#include "io/safetensors.h"
#include "kernels/isa.h"
#include "lanewise/runtime.h"

namespace lanewise::cli {
namespace {

namespace fs = std::filesystem;

struct Flags {
  std::string file;
  bool machine = false;
  CsvFlags csv;
};

struct Report {
  std::string text;
  Json json;
};

// Unlike the standard input or a pipe.
bool can_be_read_again(const std::string& path) {
  std::error_code ignored;
  return path != "-" && fs::is_regular_file(path, ignored);
}

// ---- machine ----

Report of_machine() {
  const Machine& m = machine();
  const std::string isa = kernels::isa_name();
  const auto size = [](int64_t bytes) {
    return bytes > 0 ? fmt::format("{} KiB", bytes >> 10) : "unknown";
  };
  return {text_table({{"processor", m.cpu},
                      {"vector instructions", isa},
                      {"processors", std::to_string(m.processors)},
                      {"threads", std::to_string(thread_count())},
                      {"cache L1", size(m.l1_bytes)},
                      {"cache L2", size(m.l2_bytes)},
                      {"cache L3", size(m.l3_bytes)},
                      {"executor", executor()}}),
          {{"kind", "machine"},
           {"cpu", m.cpu},
           {"isa", isa},
           {"processors", m.processors},
           {"threads", thread_count()},
           {"cache_bytes", {{"l1", m.l1_bytes}, {"l2", m.l2_bytes}, {"l3", m.l3_bytes}}},
           {"executor", executor()}}};
}

// ---- models and other safetensors ----

std::vector<ScoredSet> all_scores(const Model& model) {
  std::vector<ScoredSet> sets;
  for (const auto& [name, metrics] : model.metrics()) sets.push_back({with_spaces(name), metrics});
  return sets;
}

Report of_model(const std::string& path) {
  const Model model = Model::load(path);
  Json json = {{"kind", "model"}, {"file", path}};
  json.update(Json::parse(model.to_json()));
  const std::string scores = metrics_table(all_scores(model));
  return {model.describe() + (scores.empty() ? "" : "\n" + scores), json};
}

Report of_tensors(const SafetensorsFile& file, const std::string& path) {
  std::vector<std::vector<std::string>> rows = {{"tensor", "dtype", "shape"}};
  Json tensors = Json::object();
  for (const auto& [name, tensor] : file.tensors) {
    const std::string dtype(lanewise::name(tensor.dtype));
    rows.push_back({name, dtype, to_string(tensor.shape)});
    tensors[name] = {{"dtype", dtype},
                     {"shape", std::vector<int64_t>(tensor.shape.begin(), tensor.shape.end())}};
  }
  return {
      fmt::format("{}: safetensors, no Lanewise model\n\n{}", path, text_table(rows)),
      {{"kind", "safetensors"}, {"file", path}, {"tensors", tensors}, {"metadata", file.metadata}}};
}

// A model that is damaged must be told as one; files of others have no checksum.
Report of_safetensors(const std::string& path) {
  const SafetensorsFile file = read_safetensors(path);
  return file.metadata.contains("lanewise") ? of_model(path) : of_tensors(file, path);
}

// ---- arrays ----

Json number_json(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Report of_arrays(const std::map<std::string, ArraySummary>& arrays, const std::string& path) {
  std::vector<std::vector<std::string>> rows = {
      {"array", "dtype", "shape", "least", "most", "mean", "not finite"}};
  Json json = {{"kind", "arrays"}, {"file", path}, {"arrays", Json::object()}};
  for (const auto& [name, array] : arrays) {
    const NumberSummary& s = array.numbers;
    const std::string dtype(lanewise::name(array.dtype));
    rows.push_back({name.empty() ? "-" : name, dtype, to_string(array.shape), shortened(s.least),
                    shortened(s.most), shortened(s.mean()), grouped(s.not_finite)});
    json["arrays"][name] = {{"dtype", dtype},
                            {"shape", std::vector<int64_t>(array.shape.begin(), array.shape.end())},
                            {"least", number_json(s.least)},
                            {"most", number_json(s.most)},
                            {"mean", number_json(s.mean())},
                            {"not_finite", s.not_finite}};
  }
  return {fmt::format("{}\n\n{}", path, text_table(rows)), json};
}

Report of_npy(const std::string& path) {
  Meter meter;
  return of_arrays({{"", summary_of_npy(path, meter)}}, path);
}

Report of_npz(const std::string& path, const std::vector<std::string>& names) {
  Meter meter;
  std::map<std::string, ArraySummary> arrays;
  for (const std::string& name : names)
    if (!arrays.emplace(name, summary_of_npz(path, name, meter)).second)
      throw DataError(fmt::format("{}: two arrays named '{}'", path, name), path);
  return of_arrays(arrays, path);
}

// ---- tables ----

std::string values_text(const Column& column, const ColumnSummary& values) {
  constexpr size_t kShown = 2, kColumns = 12;
  if (!column.is_text) {
    const NumberSummary& s = values.numbers();
    return std::isnan(s.least) ? "" : fmt::format("{:.7g} … {:.7g}", s.least, s.most);
  }
  std::string text;
  for (const auto& [code, count] : values.commonest(kShown))
    text += fmt::format("{}{}", text.empty() ? "" : ", ",
                        on_a_line(column.dictionary[static_cast<size_t>(code)], kColumns));
  const size_t more = column.dictionary.size() - std::min(column.dictionary.size(), kShown);
  return more > 0 ? fmt::format("{} and {} more", text, grouped(static_cast<int64_t>(more))) : text;
}

Json column_json(const Column& column, const ColumnSummary& values) {
  Json json = {{"name", column.name}, {"type", name(column.type)}, {"missing", column.missing}};
  if (!column.is_text) {
    const NumberSummary& s = values.numbers();
    json.update({{"least", number_json(s.least)},
                 {"most", number_json(s.most)},
                 {"mean", number_json(s.mean())}});
    return json;
  }
  json["distinct"] = column.dictionary.size();
  json["commonest"] = Json::array();
  for (const auto& [code, count] : values.commonest(10))
    json["commonest"].push_back(
        {{"value", column.dictionary[static_cast<size_t>(code)]}, {"rows", count}});
  return json;
}

Report of_table(const std::string& path, const CsvOptions& options, const Output& output) {
  TableSummary values;
  const auto see = [&](const Table& part) { values.add(part); };
  const bool again = can_be_read_again(path);
  const Table table = again ? read_columns(path, options, see) : read_table(path, options);
  if (!again) see(table);
  for (const std::string& warning : table.warnings) output.warn("{}", warning);
  std::vector<std::vector<std::string>> rows = {{"column", "type", "missing", "values"}};
  Json columns = Json::array();
  for (size_t k = 0; k < table.columns.size(); ++k) {
    const Column& c = table.columns[k];
    rows.push_back({on_a_line(c.name, 24), std::string(name(c.type)), grouped(c.missing),
                    values_text(c, values[k])});
    columns.push_back(column_json(c, values[k]));
  }
  return {
      fmt::format("{}: {}, {}\n\n{}", table.source, counted(table.rows, "row"),
                  counted(static_cast<int64_t>(table.columns.size()), "column"), text_table(rows)),
      {{"kind", "table"}, {"file", table.source}, {"rows", table.rows}, {"columns", columns}}};
}

// ---- which of them ----

std::string first_bytes(const std::string& path) {
  if (!can_be_read_again(path)) return "";
  std::string head(9, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(file.gcount()));
  return head;
}

Report of_file(const Flags& flags, const Output& output) {
  const std::string& path = flags.file;
  const std::string head = first_bytes(path);
  if (path.ends_with(".safetensors") || (head.size() == 9 && head[8] == '{' && head[7] == '\0'))
    return of_safetensors(path);
  if (is_pattern(path) || head.starts_with("\x93NUMPY")) return of_npy(path);
  if (head.starts_with("PK\x03\x04")) return of_npz(path, arrays_of(path));
  if (const auto [file, array] = file_and_array(path); file != path) return of_npz(file, {array});
  return of_table(path, flags.csv.over({}), output);
}

int inspect(const Flags& flags, const Output& output) {
  if (flags.machine == !flags.file.empty()) throw UsageError("name a file, or --machine");
  const Report report = flags.machine ? of_machine() : of_file(flags, output);
  output.result(report.text, report.json);
  return kDone;
}

}  // namespace

Run add_inspect(CommandLine& line) {
  auto flags = std::make_shared<Flags>();
  const FlagGroup group = line.group();
  group.value("FILE", flags->file, "",
              "a model, a table (CSV) or arrays: .npy, a pattern of such, .npz, ARCHIVE.npz:ARRAY");
  group.toggle("--machine", flags->machine,
               "show this machine instead: processor, caches, threads");
  add_csv_flags(line, flags->csv);
  add_run_flags(line);
  line.footer(R"text(
Files may be larger than memory: they are read a part at a time.

Examples:
  lanewise inspect customers.csv          columns: types, missing values, ranges
  lanewise inspect 'part-*.npy'           several files as one array
  lanewise inspect churn.safetensors      layers, shapes, preprocessing, metrics
  lanewise inspect --machine)text");
  return [flags](Output& output) { return inspect(*flags, output); };
}

}  // namespace lanewise::cli
