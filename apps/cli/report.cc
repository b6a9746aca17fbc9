#include "cli/report.h"

#include <algorithm>
#include <cmath>

namespace lanewise::cli {
namespace {

// In the order in which people look at them; others follow.
constexpr std::string_view kOrder[] = {"accuracy",          "auc",  "log_loss",
                                       "calibration_error", "rmse", "r2"};

std::vector<std::string> metric_names(const std::vector<ScoredSet>& sets) {
  std::vector<std::string> names;
  const auto add = [&](std::string_view name) {
    const bool scored = std::any_of(sets.begin(), sets.end(), [&](const ScoredSet& s) {
      return s.metrics.contains(std::string(name));
    });
    if (scored && std::find(names.begin(), names.end(), name) == names.end())
      names.emplace_back(name);
  };
  for (const std::string_view name : kOrder) add(name);
  for (const ScoredSet& set : sets)
    for (const auto& [name, value] : set.metrics) add(name);
  return names;
}

}  // namespace

std::string with_spaces(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string metrics_table(const std::vector<ScoredSet>& sets) {
  std::vector<std::vector<std::string>> rows = {{""}};
  for (const std::string& metric : metric_names(sets)) rows.push_back({metric});
  for (const ScoredSet& set : sets) {
    if (set.metrics.empty()) continue;
    rows[0].push_back(set.name);
    for (size_t i = 1; i < rows.size(); ++i) {
      const auto value = set.metrics.find(rows[i][0]);
      rows[i].push_back(value == set.metrics.end() ? "-" : shortened(value->second));
    }
  }
  return rows.size() > 1 ? text_table(rows) : "";
}

Json metrics_json(const Metrics& metrics) {
  Json json = Json::object();
  for (const std::string& name : metric_names({{"", metrics}})) json[name] = metrics.at(name);
  return json;
}

Metrics metrics_of(const std::map<std::string, Metrics>& all, const std::string& name) {
  const auto found = all.find(name);
  return found == all.end() ? Metrics{} : found->second;
}

}  // namespace lanewise::cli
