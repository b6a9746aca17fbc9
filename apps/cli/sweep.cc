#include "cli/sweep.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <tuple>

#include "cli/command.h"
#include "cli/report.h"
#include "tabular/target.h"

namespace lanewise::cli {
namespace {

constexpr std::string_view kSwept[] = {"Network", "Training", "Preprocessing"};

struct Axis {
  std::string flag;
  std::vector<std::string> values;
};

// "hidden=64,64:32 lr=1e-3,3e-3"; a colon stands for the comma of a value.
std::vector<Axis> axes_of(const std::string& text) {
  std::vector<Axis> axes;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    Axis axis{word.substr(0, equals), {}};
    std::istringstream values(equals == word.npos ? "" : word.substr(equals + 1));
    for (std::string value; std::getline(values, value, ',');) {
      std::replace(value.begin(), value.end(), ':', ',');
      axis.values.push_back(value);
    }
    if (axis.flag.empty() || axis.values.empty() ||
        std::any_of(axis.values.begin(), axis.values.end(), [](auto& v) { return v.empty(); }))
      throw UsageError(
          fmt::format("--sweep: '{}' isn't FLAG=VALUE,VALUE, as hidden=64,64:32", word));
    const auto same = [&](const Axis& other) { return other.flag == axis.flag; };
    if (std::any_of(axes.begin(), axes.end(), same))
      throw UsageError(fmt::format(
          "--sweep: '{0}' is named twice; write its values once, as {0}=VALUE,VALUE", axis.flag));
    axes.push_back(std::move(axis));
  }
  if (axes.empty()) throw UsageError("--sweep: names no flag, as hidden=64,64:32 does");
  return axes;
}

void check_can_be_swept(const CommandLine& line, const std::string& flag) {
  const std::optional<Flag> found = line.find("--" + flag);
  const bool can =
      found && found->takes_value() &&
      std::find(std::begin(kSwept), std::end(kSwept), found->group()) != std::end(kSwept);
  if (!can)
    throw UsageError(fmt::format(
        "--sweep: '{}' can't be swept, but flags of network, training and preprocessing", flag));
}

Candidate candidate_of(const TrainFlags& flags, FlagValues chosen) {
  TrainFlags own = flags;
  CommandLine line("train", "");
  add_train_flags(line, own);
  std::vector<std::string> arguments = {"--data",  flags.data, "--target", flags.options.target,
                                        "--model", flags.model};
  for (const auto& [flag, value] : chosen) {
    check_can_be_swept(line, flag);
    arguments.push_back("--" + flag + "=" + value);
  }
  line.read(std::move(arguments));
  own.settle();
  if (own.options.folds == 1 && own.options.validation == 0)
    throw UsageError("--sweep: no rows judge the networks; leave out --validation 0");
  return {std::move(chosen), own.options};
}

void check(const Candidate& candidate, const TargetInfo& target) {
  const std::vector<double> shares(target.classes.size(), 1);  // only the labels count here
  try {
    loss_for(target.task, candidate.options.loss);
    class_weights(target, candidate.options, shares);
  } catch (const ValueError& error) {
    throw UsageError(fmt::format("--sweep: {}: {}", candidate.text(), error.what()));
  }
}

}  // namespace

std::string Candidate::text() const {
  std::string text;
  for (const auto& [flag, value] : flags)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", flag, value);
  return text;
}

bool Candidate::sweeps(std::string_view flag) const {
  return std::any_of(flags.begin(), flags.end(), [&](const auto& f) { return f.first == flag; });
}

std::vector<Candidate> candidates(const TrainFlags& flags) {
  std::vector<FlagValues> grid = {{}};
  for (const Axis& axis : axes_of(flags.sweep)) {
    std::vector<FlagValues> finer;
    for (const auto& point : grid)
      for (const std::string& value : axis.values) {
        finer.push_back(point);
        finer.back().emplace_back(axis.flag, value);
      }
    grid = std::move(finer);
  }
  std::vector<Candidate> all;
  for (auto& point : grid) all.push_back(candidate_of(flags, std::move(point)));
  return all;
}

void check_candidates(const std::vector<Candidate>& all, const Table& table) {
  const TrainOptions& first = all[0].options;
  const TargetInfo target = recognize_target(table, first.target, first.task);
  for (const Candidate& candidate : all) check(candidate, target);
}

std::vector<std::vector<std::size_t>> sharing_batches(const std::vector<Candidate>& all) {
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) {
      return share_batches(all[g[0]].options, all[i].options);
    });
    if (group == groups.end()) groups.push_back({i});
    else group->push_back(i);
  }
  return groups;
}

void Ranking::add(const Candidate& candidate, TrainResult result) {
  if (result.fit.failure.empty() && result.fit.history.empty()) return;
  --untrained_;
  const auto better = [](const Row& a, const Row& b) {
    return std::tuple(!a.failure.empty(), a.error) < std::tuple(!b.failure.empty(), b.error);
  };
  const auto insert = [&](const Row& row) {
    return rows_.insert(std::upper_bound(rows_.begin(), rows_.end(), row, better), row);
  };
  if (!result.fit.failure.empty()) {
    insert({candidate, INFINITY, 0, result.fit.history.size(), {}, 0, result.fit.failure});
    return;
  }
  const std::string judge = result.plan.members > 1 ? "out_of_fold" : "validation";
  const Metrics& judged = result.model.metrics().at(judge);
  const Json metrics = metrics_json(metrics_of(result.model.metrics(), judge));
  // Their losses may be several, or weighted; these are the same for all.
  ranked_by_ = result.plan.target.task == Task::regression ? "rmse" : "log_loss";
  const auto found = judged.find(ranked_by_);
  const auto& history = result.fit.history;
  const auto place =
      insert({candidate, found == judged.end() ? INFINITY : found->second, history.back().seconds,
              history.size(), metrics.begin().key(), metrics.begin().value()});
  if (place == rows_.begin()) best_ = std::move(result);
}

const TrainResult& Ranking::best() const {
  if (!best_)
    throw ValueError(fmt::format("--sweep: every combination failed; {}: {}",
                                 rows_[0].candidate.text(), rows_[0].failure));
  return *best_;
}

std::string Ranking::table() const {
  std::vector<std::vector<std::string>> text = {{"rank"}};
  for (const auto& [flag, value] : rows_[0].candidate.flags) text[0].push_back(flag);
  for (const std::string& title :
       {ranked_by_, rows_[0].metric, std::string("epochs"), std::string("seconds")})
    text[0].push_back(title);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    text.push_back({row.failure.empty() ? std::to_string(i + 1) : "-"});
    for (const auto& [flag, value] : row.candidate.flags) text.back().push_back(value);
    if (row.failure.empty())
      text.back().insert(text.back().end(),
                         {shortened(row.error), shortened(row.score), std::to_string(row.epochs),
                          fmt::format("{:.1f}", row.seconds)});
    else text.back().insert(text.back().end(), {"failed", "-", std::to_string(row.epochs), "-"});
  }
  std::string untrained;
  if (untrained_ > 0)
    untrained =
        fmt::format("not trained: {} of {} combinations\n", untrained_, untrained_ + rows_.size());
  return text_table(text) + failures() + untrained;
}

std::string Ranking::failures() const {
  std::string text;
  for (const Row& row : rows_)
    if (!row.failure.empty()) text += fmt::format("{}: {}\n", row.candidate.text(), row.failure);
  return text;
}

Json Ranking::json() const {
  Json all = Json::array();
  for (const Row& row : rows_) {
    Json flags = Json::object();
    for (const auto& [flag, value] : row.candidate.flags) flags[flag] = value;
    if (!row.failure.empty()) {
      all.push_back({{"flags", flags}, {"failure", row.failure}});
      continue;
    }
    all.push_back({{"flags", flags},
                   {ranked_by_, row.error},
                   {row.metric, row.score},
                   {"epochs", row.epochs},
                   {"seconds", row.seconds}});
  }
  return all;
}

}  // namespace lanewise::cli
