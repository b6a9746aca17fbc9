// --log: how training went, as JSON lines.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "cli/output.h"
#include "lanewise/nn.h"

namespace lanewise::cli {

// A line an epoch, written when it ends, and a last one with the scores.
class TrainingLog {
 public:
  // Errors: IoError.
  explicit TrainingLog(const std::string& path);
  void epoch(const nn::EpochReport& report);
  void end(const Json& result);

 private:
  void write(const Json& line);

  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

}  // namespace lanewise::cli
