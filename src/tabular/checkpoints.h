// The checkpoints of a run: files checkpoint-N.safetensors in a folder, the last two kept.
//
// Each holds the arrays of a FitState; the metadata entry "lanewise_checkpoint" is JSON:
//   {"format": 1, "run": fingerprint, "progress": FitState::progress, "crc32c": of all of it}
// A file is written beside its name and renamed, so that a crash leaves the ones before it.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "lanewise/tabular.h"

namespace lanewise {

class Checkpoints {
 public:
  using Note = std::function<void(const std::string&)>;

  // `run`: what the run follows from.  Errors: IoError where the folder can't be written;
  // DataError for one that holds another run and isn't to be resumed.
  Checkpoints(CheckpointOptions options, nlohmann::json run, Note note);

  // The newest that is whole, if it is to be resumed and there is one.
  // Errors: DataError for one of another run, or where none is whole.
  std::optional<nn::FitState> resume();

  bool is_due() const;
  // Errors: IoError; the checkpoints before it stay.
  void save(const nn::FitState& state);

 private:
  using Clock = std::chrono::steady_clock;

  std::vector<int64_t> numbers() const;  // of the files, newest first
  std::string path(int64_t number) const;
  void remove_leftovers() const;

  CheckpointOptions options_;
  nlohmann::json run_;
  Note note_;
  int64_t next_ = 1;
  Clock::time_point last_ = Clock::now();
};

}  // namespace lanewise
