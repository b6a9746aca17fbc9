// A file in the making that a later run can go on with: FILE.partial holds the samples, and
// FILE.partial.json how many of them are safely on the disk, what the job is, and its notes.
#pragma once

#include <memory>
#include <string>

#include "cli/output.h"
#include "lanewise/data.h"

namespace lanewise::cli {

class PartialFile {
 public:
  // job: what decides the bytes of the file; every: seconds between two states that are stored.
  // Errors: DataError where `resume` finds the state of another job.
  PartialFile(const std::string& path, Json job, bool resume, double every);

  // What an earlier run noted; empty where there was none, or nothing to resume.
  const std::string& notes() const { return notes_; }
  void note(std::string notes);  // stored at once
  int64_t resumed_at() const { return resumed_at_; }
  std::string partial_path() const { return path_ + ".partial"; }
  std::string state_path() const { return partial_path() + ".json"; }

  // Where the samples that are missing go.
  std::unique_ptr<Sink> sink(const Shape& row, DType dtype, NpySinkOptions options);
  // … and what they are made of.
  std::unique_ptr<Source> rest_of(Source& source) const;
  void remove_state() const;  // the file is complete

 private:
  class Stored;
  class Rest;
  void store(int64_t samples) const;
  void load();

  const std::string path_;  // what a link leads to
  const Json job_;
  const double every_;
  std::string notes_;
  int64_t resumed_at_ = 0;
};

}  // namespace lanewise::cli
