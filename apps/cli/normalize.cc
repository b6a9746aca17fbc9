// lanewise normalize: the features of samples on one scale, in passes over files of any size.
#include <filesystem>
#include <memory>

#include "base/crc32c.h"
#include "cli/command.h"
#include "cli/data_flags.h"
#include "cli/files.h"
#include "cli/interrupt.h"
#include "cli/meter.h"
#include "cli/resumable.h"
#include "data/file_names.h"
#include "io/atomic_file.h"
#include "io/file.h"
#include "lanewise/analysis.h"
#include "lanewise/ops.h"

namespace lanewise::cli {
namespace {

namespace fs = std::filesystem;

struct Flags {
  std::string input, output, moments_file, apply;
  bool features_first = false, resume = false;
  ScalerOptions scaler;
  std::vector<int64_t> kept;
  DType dtype = DType::float32;
  std::string checkpoint_every = "5s";
  CsvFlags csv;
};

std::string moments_path(const Flags& flags) {
  if (!flags.moments_file.empty()) return flags.moments_file;
  return fs::path(flags.output).replace_extension().string() + ".moments.json";
}

Scaler moments_of(const Flags& flags, Source& source) {
  if (!flags.apply.empty())
    return Scaler::from_json(std::string(FileBytes(flags.apply).view()), flags.apply);
  Scaler scaler = Scaler::fit(source, flags.scaler);
  scaler.keep(flags.kept);
  return scaler;
}

int64_t sum_of(const Array& counts) {
  int64_t sum = 0;
  for (int64_t count : counts.to_vector<int64_t>()) sum += count;
  return sum;
}

// Of a file's contents; 0 where there is none.
uint32_t checksum_of(const std::string& path) {
  if (path.empty()) return 0;
  const FileBytes bytes(path);
  return crc32c(0, bytes.view().data(), static_cast<int64_t>(bytes.view().size()));
}

// What decides the bytes of the result.
Json job_of(const Flags& flags, const Source& source) {
  Json files = Json::array();
  for (const std::string& path : files_of(file_and_array(flags.input).file)) {
    const auto changed = fs::last_write_time(path).time_since_epoch().count();
    files.push_back({path, fs::file_size(path), changed});
  }
  const CsvFlags& csv = flags.csv;
  return {{"files", files},
          {"samples", *source.length()},
          {"scaling", name(flags.scaler.scaling)},
          {"ignore", flags.scaler.ignore_not_finite},
          {"kept", flags.kept},
          {"apply", flags.apply},
          {"moments", checksum_of(flags.apply)},
          {"features_first", flags.features_first},
          {"csv", {csv.separator, csv.header ? Json(*csv.header) : Json(), csv.missing}},
          {"dtype", name(flags.dtype)}};
}

int normalize(const Flags& flags, const Output& output) {
  refuse_same_file(
      {{"IN", flags.input}, {"--apply", flags.apply}},
      {{"OUT", flags.output}, {"--moments", flags.apply.empty() ? moments_path(flags) : ""}});
  watch_interrupts();
  const auto input = read_ahead(open_samples(flags.input, flags.features_first, flags.csv, output));
  const Shape row = input->row_shapes()[0];
  const int64_t samples = *input->length();
  NpySinkOptions layout;
  layout.features_first = flags.features_first;
  layout.fortran_order = (input->sample_axis() == 1) != flags.features_first;
  layout.length = samples;
  PartialFile partial(flags.output, job_of(flags, *input), flags.resume,
                      seconds_from("--checkpoint-every", flags.checkpoint_every));

  if (flags.apply.empty()) AtomicFile probe(moments_path(flags));  // before the work
  Meter meter;
  const auto measured = metered(*input, meter, "measuring");
  const bool known = !partial.notes().empty();
  const Scaler scaler = known ? Scaler::from_json(partial.notes(), partial.state_path())
                              : moments_of(flags, *measured);
  if (!known) partial.note(scaler.to_json());
  const auto scaled = metered(*input, meter, "scaling");
  const double measuring = meter.seconds();
  try {
    const auto sink = partial.sink(row, flags.dtype, layout);
    const auto rest = partial.rest_of(*scaled);
    if (*rest->length() > 0) scaler.apply(*rest, *sink, flags.dtype);
    sink->close();
  } catch (const Interrupted&) {
    output.complain(fmt::format("interrupted; {} holds what is done, --resume goes on",
                                partial.partial_path()));
    return kInterrupted;
  }
  if (flags.apply.empty()) save_text(moments_path(flags), scaler.to_json());
  partial.remove_state();

  const double seconds = meter.seconds(), bytes = meter.bytes();
  const int64_t left_out = sum_of(scaler.left_out()), features = element_count(row);
  std::string text = fmt::format(
      "{}: {} of {}, {} scaling, {}\n{} read in {:.1f} s, {:.2f} GB/s\n", flags.output,
      counted(samples, "sample"), counted(features, "feature"), name(scaler.options().scaling),
      name(flags.dtype), data_size(bytes), seconds, bytes / 1e9 / seconds);
  if (left_out > 0 && flags.apply.empty())
    text += fmt::format("{} not finite: left out of the moments, passed on\n",
                        counted(left_out, "value"));
  if (flags.apply.empty()) text += fmt::format("moments: {}\n", moments_path(flags));
  output.result(text, {{"output", flags.output},
                       {"samples", samples},
                       {"features", features},
                       {"scaling", name(scaler.options().scaling)},
                       {"dtype", name(flags.dtype)},
                       {"not_finite", flags.apply.empty() ? Json(left_out) : Json()},
                       {"moments", flags.apply.empty() ? moments_path(flags) : flags.apply},
                       {"resumed_at", partial.resumed_at()},
                       {"bytes_read", bytes},
                       {"seconds", seconds},
                       {"seconds_measuring", measuring}});
  return kDone;
}

}  // namespace

Run add_normalize(CommandLine& line) {
  auto flags = std::make_shared<Flags>();
  const FlagGroup group = line.group();
  group.value("IN", flags->input, "", ".npy, a pattern of such, ARCHIVE.npz:ARRAY, or CSV")
      .required();
  group.value("OUT", flags->output, "", "a .npy file of the same layout").required();
  add_axis_flag(line, flags->features_first);
  const Flag method =
      group
          .named(
              "--method", flags->scaler.scaling, scaling_from_name,
              "standard: mean 0, deviation 1; minmax: from 0 to 1; robust: median 0, quartiles 1 "
              "apart")
          .check(one_of({"standard", "minmax", "robust"}));
  group.named("--dtype", flags->dtype, dtype_from_name, "of OUT")
      .check(one_of({"float32", "float64"}));
  const Flag nan =
      group
          .text(
              "--nan",
              [f = flags.get()](const std::string& text) {
                f->scaler.ignore_not_finite = text == "ignore";
              },
              "WHAT",
              "values that are NaN or infinite: an error, or left out of the moments and passed on")
          .check(one_of({"fail", "ignore"}))
          .by_default("fail");
  const Flag keep =
      group.list("--keep", flags->kept, "FEATURE",
                 "its number from 0: passed on as it is, as a target needs; may be repeated");
  const Flag moments = group.value("--moments", flags->moments_file, "FILE",
                                   "where they are saved [OUT.moments.json]");
  group.value("--apply", flags->apply, "FILE", "scale with these moments of other data")
      .excludes(moments)
      .excludes(keep)
      .excludes(method)
      .excludes(nan);
  group.toggle("--resume", flags->resume, "go on where a run that was interrupted got to");
  group.value("--checkpoint-every", flags->checkpoint_every, "TIME",
              "between two states that --resume can go on with: 500ms, 30s, 5m");
  add_csv_flags(line, flags->csv);
  add_run_flags(line);
  line.footer(R"text(
A feature that is constant becomes 0. OUT appears when it is complete; until
then OUT.partial and OUT.partial.json hold what --resume goes on with. Memory
is about 250 MB, whatever the size of the files.

Examples:
  lanewise normalize users.npy scaled.npy
  lanewise normalize 'part-*.npy' scaled.npy --method robust --nan ignore
  lanewise normalize new.npy new_scaled.npy --apply scaled.moments.json)text");
  return [flags](Output& output) { return normalize(*flags, output); };
}

}  // namespace lanewise::cli
