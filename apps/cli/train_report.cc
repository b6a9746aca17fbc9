#include "cli/train_report.h"

#include <algorithm>

#include "cli/report.h"

namespace lanewise::cli {
namespace {

constexpr size_t kNameColumns = 40;

// "14, 68, 8" or, of many, "8 to 187".
std::string epochs_text(const std::vector<int>& epochs) {
  if (epochs.size() <= 10) return fmt::format("{}", fmt::join(epochs, ", "));
  const auto [least, most] = std::minmax_element(epochs.begin(), epochs.end());
  return fmt::format("{} to {}", *least, *most);
}

// What judges the networks.
std::string judges(const TrainPlan& plan) {
  if (plan.members > 1) return fmt::format(", in {} folds", plan.members);
  return plan.validation_rows > 0 ? fmt::format(", {} to validate", grouped(plan.validation_rows))
                                  : "";
}

std::string classes_text(const std::vector<std::string>& classes) {
  if (classes.empty()) return "";
  if (classes.size() > 10) return fmt::format(", {} classes", classes.size());
  std::vector<std::string> names;
  for (const std::string& label : classes) names.push_back(on_a_line(label, kNameColumns));
  return fmt::format(" ({})", fmt::join(names, ", "));
}

std::string what_is_kept(const TrainResult& result) {
  std::vector<int> best;
  for (const auto& member : result.fit.members) best.push_back(member.best_epoch);
  if (result.plan.members > 1)
    return fmt::format("the best epoch of each network is kept: {}", epochs_text(best));
  if (result.plan.validation_rows > 0) return fmt::format("epoch {}, the best, is kept", best[0]);
  return "the last weights are kept";
}

std::vector<ScoredSet> scores(const Model& model) {
  std::vector<ScoredSet> sets;
  for (const std::string which : {"out_of_fold", "validation", "test"}) {
    sets.push_back({with_spaces(which), metrics_of(model.metrics(), which)});
    sets.push_back({"baseline", metrics_of(model.metrics(), which + "_baseline")});
  }
  return sets;
}

Json scores_json(const std::map<std::string, Metrics>& all, const std::string& which) {
  const Metrics metrics = metrics_of(all, which);
  return metrics.empty() ? Json(nullptr) : metrics_json(metrics);
}

// The rows whose scores are the most honest.
std::string judge_of(const std::map<std::string, Metrics>& all) {
  for (const std::string which : {"test", "out_of_fold"})
    if (all.contains(which)) return which;
  return "validation";
}

}  // namespace

std::string start_text(const TrainPlan& plan, const std::string& source) {
  std::string text =
      fmt::format("{}: {} to train on{}", source, counted(plan.train_rows, "row"), judges(plan));
  if (plan.test_rows > 0) text += fmt::format(", {} to test", grouped(plan.test_rows));
  text += fmt::format("\ntarget '{}': {}", on_a_line(plan.target.column, kNameColumns),
                      name(plan.target.task));
  text += classes_text(plan.target.classes);
  text += fmt::format("\n{} from {}\n", counted(plan.features, "feature"),
                      counted(static_cast<int64_t>(plan.preprocessor->inputs().size()), "column"));
  for (const Preprocessor::Left& left : plan.preprocessor->left_out())
    text += fmt::format("  without '{}': {}\n", on_a_line(left.column, kNameColumns), left.reason);
  text += "\n" + plan.network->summary();
  if (plan.members > 1)
    text += fmt::format("{} such networks, each leaves out a fold\n", plan.members);
  return text + "\n";
}

std::string how_it_ended(const TrainResult& result) {
  const nn::EnsembleResult& fit = result.fit;
  const int done = static_cast<int>(fit.history.size());
  if (fit.interrupted && done == 0)
    return "interrupted in the first epoch; its weights so far are kept";
  const std::string kept = what_is_kept(result);
  if (fit.interrupted) return fmt::format("interrupted after {}; {}", counted(done, "epoch"), kept);
  if (std::all_of(fit.members.begin(), fit.members.end(),
                  [](const auto& m) { return m.stopped_early; }))
    return fmt::format("ended after {}, the last {} without improvement; {}",
                       counted(done, "epoch"), result.plan.patience, kept);
  return fmt::format("ended after {}; {}", counted(done, "epoch"), kept);
}

std::string end_text(const TrainResult& result, const std::string& saved_in) {
  const std::string table = metrics_table(scores(result.model));
  return fmt::format("{}\n\n{}{}model saved: {}\n", how_it_ended(result), table,
                     table.empty() ? "" : "baseline: the same answer for every row\n\n", saved_in);
}

Json to_json(const TrainResult& result, const std::string& saved_in) {
  const TrainPlan& plan = result.plan;
  const std::map<std::string, Metrics>& all = result.model.metrics();
  const std::string judge = judge_of(all);
  std::vector<int> best_epochs;
  for (const auto& member : result.fit.members) best_epochs.push_back(member.best_epoch);
  Json network = Json::array({plan.network->inputs()});
  for (const auto& shape : plan.network->parameter_shapes())
    if (shape.name.ends_with("weight")) network.push_back(shape.shape[1]);
  return {{"model", saved_in},
          {"target",
           {{"column", plan.target.column},
            {"task", name(plan.target.task)},
            {"classes", plan.target.classes}}},
          {"rows",
           {{"train", plan.train_rows},
            {"validation", plan.validation_rows},
            {"test", plan.test_rows},
            {"dropped", plan.dropped_rows}}},
          {"features", plan.features},
          {"network", network},
          {"members", plan.members},
          {"parameters", plan.members * plan.network->parameter_count()},
          {"epochs", result.fit.history.size()},
          {"best_epochs", best_epochs},
          {"interrupted", result.fit.interrupted},
          {"seconds", result.fit.history.empty() ? 0 : result.fit.history.back().seconds},
          {"metrics_on", all.contains(judge) ? Json(judge) : Json(nullptr)},
          {"metrics", scores_json(all, judge)},
          {"out_of_fold", scores_json(all, "out_of_fold")},
          {"validation", scores_json(all, "validation")},
          {"test", scores_json(all, "test")},
          {"baseline", scores_json(all, judge + "_baseline")}};
}

}  // namespace lanewise::cli
