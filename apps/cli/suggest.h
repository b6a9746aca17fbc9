// "Did you mean …?"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lanewise::cli {

// "; did you mean --epochs?", or "" where nothing known is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace lanewise::cli
