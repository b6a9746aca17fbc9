// What a command's --help says.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace lanewise::cli {

// Usage, flags by group with their defaults, and the footer; at most 80 columns
// wide but for the footer, which is taken as it is.
std::string help_text(const CLI::App& app);

}  // namespace lanewise::cli
