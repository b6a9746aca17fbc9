// Flags of one group of the help, for short declarations.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lanewise::cli {

class Group {
 public:
  Group(CLI::App& app, std::string name) : app_(app), name_(std::move(name)) {}

  template <class T>
  CLI::Option* value(const std::string& flag, T& into, const std::string& type,
                     const std::string& help) {
    return app_.add_option(flag, into, help)->type_name(type)->capture_default_str()->group(name_);
  }
  // Unset: the recipe decides; `recipe` says how.
  template <class T>
  CLI::Option* optional(const std::string& flag, std::optional<T>& into, const std::string& type,
                        const std::string& help, const std::string& recipe) {
    return app_.add_option(flag, into, help)->type_name(type)->default_str(recipe)->group(name_);
  }
  // A value that `read` makes of its name.
  template <class T>
  CLI::Option* named(const std::string& flag, T& into, T (*read)(std::string_view),
                     const std::string& help) {
    const auto set = [&into, read](const std::string& text) { into = read(text); };
    return app_.add_option_function<std::string>(flag, set, help)
        ->type_name("NAME")
        ->default_str(std::string(name(into)))
        ->group(name_);
  }
  // Given once; `read` says what it means.
  CLI::Option* text(const std::string& flag, std::function<void(const std::string&)> read,
                    const std::string& type, const std::string& help) {
    return each(flag, std::move(read), type, help)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
  CLI::Option* toggle(const std::string& flag, bool& into, const std::string& help) {
    return app_.add_flag(flag, into, help)->group(name_);
  }
  CLI::Option* each(const std::string& flag, std::function<void(const std::string&)> add,
                    const std::string& type, const std::string& help) {
    const auto add_all = [add](const std::vector<std::string>& texts) {
      for (const std::string& text : texts) add(text);
    };
    return app_.add_option_function<std::vector<std::string>>(flag, add_all, help)
        ->type_name(type)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->group(name_);
  }

 private:
  CLI::App& app_;
  std::string name_;
};

}  // namespace lanewise::cli
