// Metrics, as text and as JSON.
#pragma once

#include <string>
#include <vector>

#include "cli/output.h"
#include "lanewise/tabular.h"

namespace lanewise::cli {

// A row a metric, a column a set of rows; sets without metrics are left out.
struct ScoredSet {
  std::string name;
  Metrics metrics;
};
std::string with_spaces(std::string name);  // "out of fold"
std::string metrics_table(const std::vector<ScoredSet>& sets);

Json metrics_json(const Metrics& metrics);  // NaN becomes null

// Those of `all` by name; empty where there are none.
Metrics metrics_of(const std::map<std::string, Metrics>& all, const std::string& name);

}  // namespace lanewise::cli
