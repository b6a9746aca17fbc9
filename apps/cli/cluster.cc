// lanewise cluster: k-means over files of any size.
#include <algorithm>
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
  std::string data, output, labels;
  bool features_first = false;
  CsvFlags csv;
  ClusterOptions options;
};

std::string text_of(const Clusters& found, int64_t samples) {
  constexpr int64_t kShown = 20;
  const auto sizes = found.sizes.to_vector<int64_t>();
  std::vector<std::vector<std::string>> rows = {{"cluster", "samples"}};
  for (std::size_t k = 0; k < std::min<std::size_t>(sizes.size(), kShown); ++k)
    rows.push_back({std::to_string(k), grouped(sizes[k])});
  std::string text = text_table(rows);
  if (static_cast<int64_t>(sizes.size()) > kShown)
    text += fmt::format("and {} more\n", static_cast<int64_t>(sizes.size()) - kShown);
  return text + fmt::format("inertia: {:.6g}, {:.6g} a sample, after {}\n", found.inertia,
                            found.inertia / static_cast<double>(samples),
                            counted(found.iterations, "iteration"));
}

void save_labels(const Clusters& found, Source& source, const std::string& path) {
  NpySinkOptions options;
  options.length = source.length();
  const auto sink = write_behind(npy_sink(path, {}, DType::int32, options));
  nearest_centres(found.centres, source, *sink);
  sink->close();
}

int run(const Flags& flags, const Output& output) {
  refuse_same_file({{"DATA", flags.data}},
                   {{"--output", flags.output}, {"--labels", flags.labels}});
  const auto data = read_ahead(open_samples(flags.data, flags.features_first, flags.csv, output));
  for (const std::string& path : {flags.output, flags.labels})
    if (!path.empty()) AtomicFile probe(path);  // before the work: it may not be writable
  Meter meter;
  const auto watched = metered(*data, meter, "clustering");
  const Clusters found = k_means(*watched, flags.options);
  const int64_t samples = *data->length();
  std::string text = text_of(found, samples);
  if (!flags.output.empty()) {
    save_npy(flags.output, found.centres);
    text += fmt::format("centres: {}\n", flags.output);
  }
  if (!flags.labels.empty()) {
    save_labels(found, *watched, flags.labels);
    text += fmt::format("labels: {}\n", flags.labels);
  }
  output.note("{} read in {:.1f} s, {:.2f} GB/s", data_size(meter.bytes()), meter.seconds(),
              meter.bytes() / 1e9 / meter.seconds());
  output.result(text, {{"samples", samples},
                       {"clusters", flags.options.clusters},
                       {"sizes", found.sizes.to_vector<int64_t>()},
                       {"inertia", found.inertia},
                       {"iterations", found.iterations},
                       {"bytes_read", meter.bytes()},
                       {"seconds", meter.seconds()}});
  return kDone;
}

}  // namespace

Run add_cluster(CommandLine& line) {
  auto flags = std::make_shared<Flags>();
  const FlagGroup group = line.group();
  group.value("DATA", flags->data, "", ".npy, a pattern of such, ARCHIVE.npz:ARRAY, or CSV")
      .required();
  group.value("-k,--clusters", flags->options.clusters, "N", "how many").check(at_least(1));
  group.value("--iterations", flags->options.iterations, "N", "at most, each a pass over DATA")
      .check(at_least(1));
  group
      .value("--tolerance", flags->options.tolerance, "SHARE",
             "done when the inertia falls by less than that")
      .check(at_least(0));
  group.value("--seed", flags->options.seed, "N", "of the first centres");
  group.value("--output", flags->output, "FILE", ".npy for the centres");
  group.value("--labels", flags->labels, "FILE", ".npy for the cluster of each sample, int32");
  add_axis_flag(line, flags->features_first);
  add_csv_flags(line, flags->csv);
  add_run_flags(line);
  line.footer(R"text(
k-means: Lloyd's iterations from centres that k-means++ chooses. Features with
larger numbers weigh more: normalize first where that isn't meant.

Examples:
  lanewise cluster embeddings.npy -k 100 --output centres.npy
  lanewise cluster scaled.npy -k 8 --labels cluster_of.npy)text");
  return [flags](Output& output) { return run(*flags, output); };
}

}  // namespace lanewise::cli
