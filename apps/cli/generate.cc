// lanewise generate: synthetic data of any size, streamed to files.
#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/data_flags.h"
#include "cli/files.h"
#include "cli/meter.h"
#include "cli/suggest.h"
#include "io/atomic_file.h"
#include "lanewise/synthetic.h"

namespace lanewise::cli {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kChunkBytes = 8 << 20;

struct Flags {
  std::string kind, output, target_file;
  int64_t queries = 0;
  bool features_first = false;
  SyntheticOptions options;
};

bool is_csv(const std::string& path) {
  const std::string ending = fs::path(path).extension().string();
  if (ending != ".npy" && ending != ".csv")
    throw UsageError(fmt::format("'{}' must end in .npy or .csv, which says the format", path));
  return ending == ".csv";
}

// data.npy -> data_queries.npy
std::string beside(const std::string& path, const std::string& ending) {
  return fs::path(path).replace_extension().string() + ending;
}

std::unique_ptr<Sink> sink_for(const std::string& path, const std::vector<std::string>& columns,
                               const NpySinkOptions& layout) {
  const Shape row = {static_cast<int64_t>(columns.size())};
  return write_behind(is_csv(path) ? csv_sink(path, columns)
                                   : npy_sink(path, row, DType::float32, layout));
}

void push(Sink& sink, const Array& rows) {
  const Array run = sink.sample_axis() == 0 ? rows : rows.T();
  sink.push({&run, 1});
}

// All columns in one file, or the last in one of its own.
class Files {
 public:
  Files(const SyntheticSource& source, const std::string& path, const std::string& target_path,
        bool features_first) {
    NpySinkOptions layout;
    layout.features_first = features_first;
    if (features_first) layout.length = source.length();
    std::vector<std::string> columns = source.columns();
    if (!target_path.empty()) {
      target_ = sink_for(target_path, {columns.back()}, layout);
      columns.pop_back();
    }
    features_ = sink_for(path, columns, layout);
  }
  void push(const Array& rows) {
    if (!target_) return cli::push(*features_, rows);
    cli::push(*features_, rows[{slice(), slice(0, -1)}]);
    cli::push(*target_, rows[{slice(), slice(-1)}]);
  }
  void close() {
    features_->close();
    if (target_) target_->close();
  }

 private:
  std::unique_ptr<Sink> features_, target_;
};

// Returns the seconds that it took.
double write(SyntheticSource& source, Files files) {
  const int64_t samples = *source.length(), row = row_bytes(source);
  const int64_t chunk = std::max<int64_t>(1, kChunkBytes / row / 256) * 256;
  Meter meter;
  const auto rows = metered(source, meter, "generating");
  rows->reset();
  for (int64_t done = 0; done < samples; done += chunk) files.push(rows->pull(chunk)[0]);
  files.close();
  return meter.seconds();
}

std::string text_of(const Json& info, double seconds, double bytes) {
  std::string text =
      fmt::format("{}: {} of {}, {} in {:.1f} s, {:.2f} GB/s\n", info["output"].get<std::string>(),
                  counted(info["samples"], "sample"), info["kind"].get<std::string>(),
                  data_size(bytes), seconds, bytes / 1e9 / seconds);
  if (!info["target"].is_null())
    text += fmt::format("target: {}\n", info["target"].get<std::string>());
  if (!info["best_auc"].is_null())
    text += fmt::format("best AUC: {:.4f}, that of the probability by which it was drawn\n",
                        info["best_auc"].get<double>());
  return text;
}

// How train names the target.
Json target_of(const Flags& flags, const SyntheticSource& source) {
  if (!source.has_target()) return nullptr;
  const std::vector<std::string> columns = source.columns();
  if (!flags.target_file.empty()) return flags.target_file;
  return is_csv(flags.output) ? columns.back() : fmt::format("column_{}", columns.size());
}

int generate(const Flags& flags, const Output& output) {
  const SyntheticKind kind = synthetic_kind_from_name(flags.kind);
  const auto source = synthetic_source(kind, flags.options);
  if (!flags.target_file.empty() && !source->has_target())
    throw UsageError(fmt::format("--target-file: {} have no target", flags.kind));
  refuse_same_file({}, {{"OUT", flags.output}, {"--target-file", flags.target_file}});
  const std::string info_path = beside(flags.output, ".json");
  const double seconds =
      write(*source, {*source, flags.output, flags.target_file, flags.features_first});
  Json info = {{"kind", flags.kind},
               {"output", flags.output},
               {"seed", flags.options.seed},
               {"first", flags.options.first},
               {"samples", flags.options.samples},
               {"columns", source->columns()},
               {"target", target_of(flags, *source)},
               {"best_auc", nullptr}};
  if (const auto auc = source->best_auc()) info["best_auc"] = *auc;
  if (flags.queries > 0) {
    SyntheticOptions more = flags.options;
    more.first += more.samples;
    more.samples = flags.queries;
    const auto queries = synthetic_source(kind, more);
    info["queries"] =
        beside(flags.output, "_queries" + fs::path(flags.output).extension().string());
    write(*queries, {*queries, info["queries"], "", flags.features_first});
  }
  save_text(info_path, info.dump(2) + "\n");
  const auto bytes = static_cast<double>(fs::file_size(flags.output));
  const std::string text = text_of(info, seconds, bytes);
  info["seconds"] = seconds;
  info["bytes"] = bytes;
  output.result(text, info);
  return kDone;
}

struct KindFlag {
  const char* flag;
  std::string_view kind;
};
constexpr KindFlag kOfOneKind[] = {{"--noise", "circles"},         {"--inner", "circles"},
                                   {"--dimensions", "embeddings"}, {"--clusters", "embeddings"},
                                   {"--spread", "embeddings"},     {"--queries", "embeddings"}};

// Errors: UsageError.
void check(const CommandLine& line, const Flags& flags) {
  const std::vector<std::string> kinds = synthetic_kinds();
  if (std::find(kinds.begin(), kinds.end(), flags.kind) == kinds.end()) {
    const std::string guess = did_you_mean(flags.kind, kinds);
    throw UsageError(fmt::format(
        "no kind of data is called '{}'{}", flags.kind,
        guess.empty() ? fmt::format("; there are: {}", fmt::join(kinds, ", ")) : guess));
  }
  for (const KindFlag& own : kOfOneKind)
    if (line.find(own.flag)->is_given() && flags.kind != own.kind)
      throw UsageError(fmt::format("{} is for {}, not {}", own.flag, own.kind, flags.kind));
  for (const std::string& path : {flags.output, flags.target_file})
    if (!path.empty() && is_csv(path) && flags.features_first)
      throw UsageError(
          fmt::format("--axis features-first is for .npy; '{}' holds a sample a line", path));
}

}  // namespace

Run add_generate(CommandLine& line) {
  auto flags = std::make_shared<Flags>();
  SyntheticOptions& o = flags->options;
  const FlagGroup group = line.group();
  group.value("KIND", flags->kind, "", "circles, users, clicks or embeddings").required();
  group.value("OUT", flags->output, "", "a file: .npy (float32) or .csv").required();
  group.value("--samples", o.samples, "N", "how many").required().check(at_least(1));
  group.value("--first", o.first, "N", "number of the first: others than those before it")
      .check(at_least(0));
  group.value("--seed", o.seed, "N", "same seed, same bits");
  group.value("--target-file", flags->target_file, "FILE", "for the target, else the last column");
  add_axis_flag(line, flags->features_first);
  group.value("--noise", o.noise, "X", "circles: standard deviation beside the circle")
      .check(at_least(0));
  group.value("--inner", o.inner, "RADIUS", "circles: of the inner one; the outer one has 1");
  group.value("--dimensions", o.dimensions, "N", "embeddings: of a vector").check(at_least(1));
  group.value("--clusters", o.clusters, "N", "embeddings: of standard deviation 1")
      .check(at_least(1));
  group.value("--spread", o.spread, "X", "embeddings: standard deviation around a centre")
      .check(at_least(0));
  group.value("--queries", flags->queries, "N", "embeddings: more of them in OUT_queries")
      .check(at_least(0));
  add_run_flags(line);
  line.footer(R"text(
circles     two noisy concentric circles: x1, x2, label
users       50 features as tables of users have them: skewed, of different
            scales, partly missing; churned follows from them by chance
clicks      100 numbers; clicked is rare (about 3 %)
embeddings  vectors in clusters

What was made, and for users and clicks the best AUC that a model can expect,
is written beside the file too: OUT with the ending .json.

Examples:
  lanewise generate users users.csv --samples 100000
  lanewise generate users test.csv --samples 20000 --first 100000
  lanewise generate clicks clicks.npy --samples 50000000 --seed 1
  lanewise train --data users.csv --target churned --model m.safetensors)text");
  return [flags, &line](Output& output) {
    check(line, *flags);
    return generate(*flags, output);
  };
}

}  // namespace lanewise::cli
