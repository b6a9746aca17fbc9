// What train says of a run: before it, of how it ended, and as JSON.
#pragma once

#include <string>

#include "cli/output.h"
#include "lanewise/tabular.h"

namespace lanewise::cli {

std::string start_text(const TrainPlan& plan, const std::string& source);
std::string how_it_ended(const TrainResult& result);
std::string end_text(const TrainResult& result, const std::string& saved_in);
Json to_json(const TrainResult& result, const std::string& saved_in);

}  // namespace lanewise::cli
