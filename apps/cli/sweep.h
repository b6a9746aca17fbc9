// --sweep: every combination of some flags' values, trained over the same splits and ranked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/output.h"
#include "cli/train_flags.h"

namespace lanewise::cli {

using FlagValues = std::vector<std::pair<std::string, std::string>>;  // names without dashes

struct Candidate {
  FlagValues flags;
  TrainOptions options;
  std::string text() const;  // "hidden=64 lr=3e-3"
  bool sweeps(std::string_view flag) const;
};

// The grid that flags.sweep spans, the last flag varying fastest.
// Errors: UsageError for what isn't FLAG=VALUE,… or a flag that can't be swept, and those of
// the flags themselves; where no rows would judge.
std::vector<Candidate> candidates(const TrainFlags& flags);

// Errors: UsageError for a combination that the target refuses.
void check_candidates(const std::vector<Candidate>& all, const Table& table);

// Their numbers, in groups that share their batches and so can be trained at once.
std::vector<std::vector<std::size_t>> sharing_batches(const std::vector<Candidate>& all);

// Trained candidates, the one with the least loss on rows that judge first; last those whose loss
// became NaN or infinite. Those that an interrupt left without an epoch aren't ranked.
class Ranking {
 public:
  explicit Ranking(std::size_t candidates) : untrained_(candidates) {}
  void add(const Candidate& candidate, TrainResult result);
  bool empty() const { return rows_.empty(); }
  std::size_t untrained() const { return untrained_; }
  // Errors: ValueError where all of them failed.
  const TrainResult& best() const;
  std::string table() const;
  Json json() const;

 private:
  std::string failures() const;  // a line each

  struct Row {
    Candidate candidate;
    double error, seconds;  // error: the metric that ranks
    std::size_t epochs;
    std::string metric;  // the first of the rows that judge
    double score;
    std::string failure{};
  };
  std::vector<Row> rows_;  // ranked
  std::string ranked_by_ = "loss";
  std::size_t untrained_;
  std::optional<TrainResult> best_;
};

}  // namespace lanewise::cli
