#include "cli/config.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command.h"
#include "cli/suggest.h"
#include "io/file.h"
#include "lanewise/error.h"

namespace lanewise::cli {
namespace {

bool is_flag(const std::string& argument, const std::string& flag) {
  return argument == flag || argument.starts_with(flag + "=");
}

// The value of `flag`, which may be written --flag VALUE or --flag=VALUE.
std::optional<std::string> value_of(const std::vector<std::string>& arguments,
                                    const std::string& flag) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!is_flag(arguments[i], flag)) continue;
    if (arguments[i] != flag) return arguments[i].substr(flag.size() + 1);
    if (i + 1 < arguments.size()) return arguments[i + 1];
  }
  return {};
}

bool given(const CLI::Option& option, const std::vector<std::string>& arguments) {
  for (const std::string& name : option.get_lnames())
    for (const std::string& argument : arguments)
      if (is_flag(argument, "--" + name)) return true;
  return false;
}

Json read_json(const std::string& path) {
  const FileBytes bytes(path);
  try {
    return Json::parse(bytes.view());
  } catch (const Json::parse_error& error) {
    const auto at = static_cast<int64_t>(error.byte);
    throw DataError(fmt::format("{}: not JSON at byte {}", path, at), path, -1, at);
  }
}

std::string scalar(const std::string& key, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  throw UsageError(fmt::format("config: '{}' must be a number or text, not {}", key, value.dump()));
}

// What a value says on the command line, an entry each time the flag occurs.
std::vector<std::string> values_of(const std::string& key, const Json& value, bool repeats) {
  std::vector<std::string> values;
  if (value.is_object()) {
    for (const auto& [name, v] : value.items()) values.push_back(name + "=" + scalar(key, v));
  } else if (value.is_array()) {
    for (const Json& v : value) values.push_back(scalar(key, v));
  } else {
    values.push_back(scalar(key, value));
  }
  return repeats ? values : std::vector<std::string>{fmt::format("{}", fmt::join(values, ","))};
}

bool may_repeat(const CLI::Option& option) {
  return option.get_expected_max() > 1 ||
         option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
}

void append(const CLI::Option& option, const std::string& key, const Json& value,
            std::vector<std::string>& arguments) {
  const std::string flag = "--" + key;
  if (value.is_null()) return;
  if (value.is_boolean() && option.get_expected_max() > 0)
    throw UsageError(fmt::format("config: '{}' needs a value, not {}", key, value.dump()));
  if (value.is_boolean()) {
    if (value.get<bool>()) arguments.push_back(flag);
    return;
  }
  if (option.get_expected_max() == 0)
    throw UsageError(fmt::format("config: '{}' must be true or false, not {}", key, value.dump()));
  for (std::string& text : values_of(key, value, may_repeat(option))) {
    arguments.push_back(flag);
    arguments.push_back(std::move(text));
  }
}

}  // namespace

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<std::string> config_arguments(const CLI::App& app,
                                          const std::vector<std::string>& arguments) {
  if (app.get_option_no_throw("--config") == nullptr) return {};
  const auto path = value_of(arguments, "--config");
  if (!path) return {};
  const Json config = read_json(*path);
  if (!config.is_object()) throw UsageError(*path + ": must hold a JSON object of flags");
  std::vector<std::string> added;
  for (const auto& [key, value] : config.items()) {
    const CLI::Option* option = app.get_option_no_throw("--" + key);
    if (option == nullptr || key == "config" || key == "help")
      throw UsageError(
          fmt::format("{}: no flag '{}'{}", *path, key, did_you_mean("--" + key, flag_names(app))));
    if (!given(*option, arguments)) append(*option, key, value, added);
  }
  return added;
}

}  // namespace lanewise::cli
