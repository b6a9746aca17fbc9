// lanewise neighbors: the nearest samples of each query, over files of any size.
#include <memory>

#include "cli/command.h"
#include "cli/data_flags.h"
#include "cli/files.h"
#include "cli/meter.h"
#include "io/atomic_file.h"
#include "lanewise/analysis.h"
#include "lanewise/ops.h"

namespace lanewise::cli {
namespace {

struct Flags {
  std::string queries, data, output;
  int64_t k = 10, batch = 1024;
  bool features_first = false;
  CsvFlags csv;
  Metric metric = Metric::cosine;
};

// All queries, as rows.
Array read_queries(const Flags& flags, const Output& output) {
  const auto source = open_samples(flags.queries, false, flags.csv, output);
  const Array all = source->pull(source->length().value_or(0))[0];
  const Array rows = source->sample_axis() == 0 ? all : all.T();
  const Array floats = is_float(rows.dtype()) ? rows : astype(rows, DType::float32);
  return floats.rank() == 1 ? expand_dims(floats, 0) : floats;
}

Json json_of(const Neighbors& found, int64_t k) {
  const auto indices = found.indices.to_vector<int64_t>();
  const auto scores = found.scores.to_vector<double>();
  Json all = Json::array();
  for (std::size_t at = 0; at < indices.size(); at += static_cast<std::size_t>(k)) {
    Json row = Json::array();
    for (std::size_t i = at; i < at + static_cast<std::size_t>(k); ++i)
      row.push_back({{"sample", indices[i]}, {"score", scores[i]}});
    all.push_back(std::move(row));
  }
  return all;
}

std::string text_of(const Neighbors& found, const Flags& flags) {
  constexpr int64_t kShown = 20;
  const int64_t queries = found.indices.shape(0);
  const auto indices = found.indices.to_vector<int64_t>();
  const auto scores = found.scores.to_vector<double>();
  std::string text;
  for (int64_t q = 0; q < std::min(queries, kShown); ++q) {
    std::vector<std::vector<std::string>> rows = {{"sample", std::string(name(flags.metric))}};
    for (int64_t i = q * flags.k; i < (q + 1) * flags.k; ++i)
      rows.push_back({std::to_string(indices[static_cast<std::size_t>(i)]),
                      fmt::format("{:.6g}", scores[static_cast<std::size_t>(i)])});
    text += fmt::format("query {}\n{}", q, text_table(rows, "  "));
  }
  if (queries > kShown)
    text += fmt::format("and {} more: --output or --json gives all\n", queries - kShown);
  return text;
}

// Queries that meet a sample while it is in cache: as many as a batch holds, then another pass.
Neighbors find(const Array& queries, Source& data, const Flags& flags) {
  std::vector<Array> scores, indices;
  for (int64_t first = 0; first < queries.shape(0); first += flags.batch) {
    const Array some = queries[slice(first, std::min(first + flags.batch, queries.shape(0)))];
    const Neighbors found = neighbors(some, data, flags.k, flags.metric);
    scores.push_back(found.scores);
    indices.push_back(found.indices);
  }
  return {concatenate(scores, 0), concatenate(indices, 0)};
}

int run(const Flags& flags, const Output& output) {
  refuse_same_file({{"QUERIES", flags.queries}, {"DATA", flags.data}},
                   {{"--output", flags.output}});
  const Array queries = read_queries(flags, output);
  if (queries.shape(0) == 0) throw DataError(fmt::format("{}: holds no queries", flags.queries));
  const auto data = read_ahead(open_samples(flags.data, flags.features_first, flags.csv, output));
  if (!flags.output.empty()) AtomicFile probe(flags.output);  // before the work
  Meter meter;
  const auto watched = metered(*data, meter, "comparing");
  const Neighbors found = find(queries, *watched, flags);
  const double seconds = meter.seconds(), bytes = meter.bytes();
  Json json = {{"queries", queries.shape(0)},  {"samples", *data->length()}, {"k", flags.k},
               {"metric", name(flags.metric)}, {"bytes_read", bytes},        {"seconds", seconds}};
  std::string text;
  if (flags.output.empty()) {
    json["neighbors"] = json_of(found, flags.k);
    text = text_of(found, flags);
  } else {
    save_npz(flags.output, {{"indices", found.indices}, {"scores", found.scores}});
    json["output"] = flags.output;
    text =
        fmt::format("{}: indices and scores ({}, {})\n", flags.output, queries.shape(0), flags.k);
  }
  output.note("{} compared with {}, {} read in {:.2f} s, {:.2f} GB/s",
              queries.shape(0) == 1 ? "1 query" : grouped(queries.shape(0)) + " queries",
              counted(*data->length(), "sample"), data_size(bytes), seconds, bytes / 1e9 / seconds);
  output.result(text, json);
  return kDone;
}

}  // namespace

Run add_neighbors(CommandLine& line) {
  auto flags = std::make_shared<Flags>();
  const FlagGroup group = line.group();
  group.value("QUERIES", flags->queries, "", "rows: .npy, ARCHIVE.npz:ARRAY, or CSV").required();
  group.value("DATA", flags->data, "", "the samples: the same, or a pattern of .npy files")
      .required();
  group.value("-k,--neighbors", flags->k, "N", "so many of each query").check(at_least(1));
  group
      .named("--metric", flags->metric, metric_from_name,
             "cosine or dot: the largest is nearest; l2: the smallest distance")
      .check(one_of({"cosine", "dot", "l2"}));
  add_axis_flag(line, flags->features_first);
  group.value("--batch", flags->batch, "N", "queries of a pass over DATA").check(at_least(1));
  group.value("--output", flags->output, "FILE", "an .npz of indices and scores [printed]");
  add_csv_flags(line, flags->csv);
  add_run_flags(line);
  line.footer(R"text(
All samples are compared: the answer is exact. Of equals the one that comes
first in DATA is first. Memory is about 250 MB, whatever the size of DATA.

Examples:
  lanewise neighbors queries.npy embeddings.npy -k 10
  lanewise neighbors q.npy 'part-*.npy' --metric l2 --output nearest.npz)text");
  return [flags](Output& output) { return run(*flags, output); };
}

}  // namespace lanewise::cli
