#include "tabular/checkpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/crc32c.h"
#include "io/atomic_file.h"
#include "io/row_major.h"
#include "io/safetensors.h"
#include "lanewise/error.h"
#include "tabular/fingerprint.h"

namespace lanewise {

using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kEntry = "lanewise_checkpoint", kPrefix = "checkpoint-",
                           kSuffix = ".safetensors";
constexpr int kFormat = 1;
constexpr std::size_t kKept = 2;

uint32_t checksum(const json& run, const std::string& progress,
                  const std::map<std::string, Tensor>& tensors) {
  const auto add = [](uint32_t crc, const std::string& text) {
    return crc32c(crc, text.data(), static_cast<int64_t>(text.size()));
  };
  uint32_t crc = add(add(0, run.dump()), progress);
  for (const auto& [name, t] : tensors) crc = crc32c(add(crc, name), t.data, t.bytes());
  return crc;
}

struct Stored {
  json run;
  nn::FitState state;
};

// Errors: IoError, DataError for damage.
Stored read(const std::string& path) {
  const SafetensorsFile file = read_safetensors(path, Checksum::required);
  const auto entry = file.metadata.find(std::string(kEntry));
  if (entry == file.metadata.end())
    throw DataError(fmt::format("{}: no checkpoint: the metadata has no entry '{}'", path, kEntry),
                    path);
  try {
    const json j = json::parse(entry->second);
    if (j.at("format").get<int>() > kFormat)
      throw DataError(fmt::format("{}: the checkpoint has format {}, this version reads up to {}",
                                  path, j.at("format").get<int>(), kFormat),
                      path);
    Stored stored{j.at("run"), {{}, j.at("progress")}};
    if (j.at("crc32c") != checksum(stored.run, stored.state.progress, file.tensors))
      throw DataError(fmt::format("{}: damaged: the checksum differs", path), path);
    for (const auto& [name, tensor] : file.tensors)
      stored.state.arrays.emplace(name, from_tensor(tensor));
    return stored;
  } catch (const json::exception& e) {
    throw DataError(fmt::format("{}: the checkpoint is damaged: {}", path, e.what()), path);
  }
}

}  // namespace

Checkpoints::Checkpoints(CheckpointOptions options, json run, Note note)
    : options_(std::move(options)), run_(std::move(run)), note_(std::move(note)) {
  std::error_code error;
  fs::create_directories(options_.folder, error);
  if (!fs::is_directory(options_.folder))
    throw IoError(options_.folder, error ? "can't be made: " + error.message() : "is no folder");
  AtomicFile probe(path(0));  // whether it can be written is told now, not after the first interval
  remove_leftovers();
  if (!options_.resume && !numbers().empty())
    throw DataError(fmt::format("{}: holds the checkpoints of an earlier run; resume that one, or "
                                "name another folder",
                                options_.folder),
                    options_.folder);
}

std::optional<nn::FitState> Checkpoints::resume() {
  if (!options_.resume) return {};
  const std::vector<int64_t> all = numbers();
  std::string damage;
  for (int64_t number : all) {
    std::optional<Stored> stored;
    try {
      stored = read(path(number));
    } catch (const Error& e) {
      damage = e.what();
      if (number != all.back()) note_(damage + "; the checkpoint before it is used");
      continue;
    }
    const std::string differs = differences(run_, stored->run);
    if (!differs.empty())
      throw DataError(
          fmt::format("{}: the checkpoint is of another run, so it can't be resumed: {}",
                      path(number), differs),
          path(number));
    next_ = number + 1;  // a damaged one after it is replaced
    return std::move(stored->state);
  }
  if (!all.empty())
    throw DataError(fmt::format("{}: no checkpoint is whole: {}", options_.folder, damage),
                    options_.folder);
  note_(
      fmt::format("{}: no checkpoint yet, so training starts from the beginning", options_.folder));
  return {};
}

bool Checkpoints::is_due() const {
  return std::chrono::duration<double>(Clock::now() - last_).count() >= options_.seconds;
}

void Checkpoints::save(const nn::FitState& state) {
  SafetensorsFile file;
  for (const auto& [name, array] : state.arrays)
    file.tensors.emplace(name, row_major(array.tensor()));
  file.metadata[std::string(kEntry)] = json{
      {"format", kFormat},
      {"run", run_},
      {"progress", state.progress},
      {"crc32c", checksum(run_, state.progress,
                          file.tensors)}}.dump();
  write_safetensors(path(next_++), file);
  const std::vector<int64_t> all = numbers();
  std::error_code ignored;
  for (std::size_t i = kKept; i < all.size(); ++i) fs::remove(path(all[i]), ignored);
  last_ = Clock::now();
}

std::vector<int64_t> Checkpoints::numbers() const {
  std::vector<int64_t> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(options_.folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
    int64_t number = 0;
    const char *first = name.data() + kPrefix.size(),
               *last = name.data() + name.size() - kSuffix.size();
    if (first < last && std::from_chars(first, last, number).ptr == last) found.push_back(number);
  }
  std::sort(found.rbegin(), found.rend());
  return found;
}

std::string Checkpoints::path(int64_t number) const {
  return (fs::path(options_.folder) / fmt::format("{}{}{}", kPrefix, number, kSuffix)).string();
}

// Of a run that was killed while it wrote.
void Checkpoints::remove_leftovers() const {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(options_.folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(fmt::format(".{}", kPrefix)) && name.ends_with(".tmp"))
      fs::remove(entry.path(), ignored);
  }
}

}  // namespace lanewise
