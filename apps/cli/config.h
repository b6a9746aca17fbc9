// --config: flags from a JSON file, {"epochs": 20, "hidden": [64, 32], "drop": ["id"]}.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace lanewise::cli {

// The flags that the file named by --config in `arguments` adds to them: those
// that `arguments` doesn't hold. Empty without a --config.
// Errors: IoError; DataError with the offset; UsageError naming an unknown key.
std::vector<std::string> config_arguments(const CLI::App& app,
                                          const std::vector<std::string>& arguments);

std::vector<std::string> flag_names(const CLI::App& app);  // "--epochs", …

}  // namespace lanewise::cli
