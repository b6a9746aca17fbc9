#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/command.h"
#include "cli/config.h"
#include "cli/help.h"
#include "cli/suggest.h"

namespace lanewise::cli {
namespace {

// CLI11 says "Could not convert: --quiet = 3".
std::string conversion_text(const std::string& said) {
  const size_t colon = said.find(": "), equals = said.find(" = ");
  if (colon == std::string::npos || equals == std::string::npos) return said;
  return fmt::format("{}: '{}' isn't a value that it takes",
                     said.substr(colon + 2, equals - colon - 2), said.substr(equals + 3));
}

void refuse_unknown(const CLI::App& app) {
  const std::vector<std::string> left = app.remaining();
  if (left.empty()) return;
  const std::string word = left[0].substr(0, left[0].find('='));
  if (!word.starts_with("-"))
    throw UsageError(
        fmt::format("unexpected argument '{}'{}", word,
                    app.get_option_no_throw("--data") ? "; rows are given with --data" : ""));
  throw UsageError(fmt::format("no flag {}{}", word, did_you_mean(word, flag_names(app))));
}

// Before checks that a command adds.
template <class T>
CLI::Option* checked(CLI::Option* option) {
  const Flag flag(option);
  if constexpr (std::is_same_v<T, std::string>) flag.check(not_empty());
  else flag.check(number_of<T>());
  return option;
}

CLI::Option* repeatable(CLI::Option* option) {
  return option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace

// ---- flags ----

Flag Flag::required() const { return Flag(option_->required()); }
Flag Flag::check(const Check& check) const {
  return Flag(
      option_->check(CLI::Validator([check](std::string& text) { return check(text); }, "")));
}
Flag Flag::by_default(const std::string& text) const { return Flag(option_->default_str(text)); }
Flag Flag::excludes(Flag other) const { return Flag(option_->excludes(other.option_)); }
Flag Flag::needs(Flag other) const { return Flag(option_->needs(other.option_)); }

bool Flag::is_given() const { return option_->count() > 0; }
bool Flag::takes_value() const { return option_->get_expected_max() > 0; }
std::string Flag::group() const { return option_->get_group(); }

// ---- their groups ----

template <class T>
Flag FlagGroup::value(const std::string& flag, T& into, const std::string& type,
                      const std::string& help) const {
  return Flag(checked<T>(app_.add_option(flag, into, help))
                  ->type_name(type)
                  ->capture_default_str()
                  ->group(name_));
}

template <class T>
Flag FlagGroup::optional(const std::string& flag, std::optional<T>& into, const std::string& type,
                         const std::string& help, const std::string& recipe) const {
  return Flag(checked<T>(app_.add_option(flag, into, help))
                  ->type_name(type)
                  ->default_str(recipe)
                  ->group(name_));
}

template <class T>
Flag FlagGroup::list(const std::string& flag, std::vector<T>& into, const std::string& type,
                     const std::string& help) const {
  CLI::Option* option = repeatable(app_.add_option(flag, into, help));
  if constexpr (!std::is_same_v<T, std::string>) checked<T>(option);
  return Flag(option->type_name(type)->group(name_));
}

Flag FlagGroup::text(const std::string& flag, const std::function<void(const std::string&)>& read,
                     const std::string& type, const std::string& help) const {
  return Flag(
      app_.add_option_function<std::string>(flag, read, help)->type_name(type)->group(name_));
}

Flag FlagGroup::count(const std::string& flag, const std::function<void(int)>& read,
                      const std::string& help) const {
  return Flag(
      checked<int>(app_.add_option_function<int>(flag, read, help))->type_name("N")->group(name_));
}

Flag FlagGroup::each(const std::string& flag, const std::function<void(const std::string&)>& add,
                     const std::string& type, const std::string& help) const {
  const auto add_all = [add](const std::vector<std::string>& texts) {
    std::for_each(texts.begin(), texts.end(), add);
  };
  CLI::Option* option = app_.add_option_function<std::vector<std::string>>(flag, add_all, help);
  return Flag(repeatable(option)->type_name(type)->group(name_));
}

Flag FlagGroup::toggle(const std::string& flag, bool& into, const std::string& help) const {
  return Flag(app_.add_flag(flag, into, help)->group(name_));
}

Flag FlagGroup::action(const std::string& flag, const std::function<void()>& act,
                       const std::string& help) const {
  return Flag(app_.add_flag_callback(flag, act, help)->group(name_));
}

// What flags hold.
using Text = const std::string&;
template Flag FlagGroup::value(Text, std::string&, Text, Text) const;
template Flag FlagGroup::value(Text, int&, Text, Text) const;
template Flag FlagGroup::value(Text, int64_t&, Text, Text) const;
template Flag FlagGroup::value(Text, uint32_t&, Text, Text) const;
template Flag FlagGroup::value(Text, uint64_t&, Text, Text) const;
template Flag FlagGroup::value(Text, double&, Text, Text) const;
template Flag FlagGroup::optional(Text, std::optional<int>&, Text, Text, Text) const;
template Flag FlagGroup::optional(Text, std::optional<int64_t>&, Text, Text, Text) const;
template Flag FlagGroup::optional(Text, std::optional<double>&, Text, Text, Text) const;
template Flag FlagGroup::list(Text, std::vector<std::string>&, Text, Text) const;
template Flag FlagGroup::list(Text, std::vector<int64_t>&, Text, Text) const;

// ---- the whole ----

CommandLine::CommandLine(const std::string& command, const std::string& summary)
    : app_(std::make_unique<CLI::App>(summary, "lanewise " + command)) {
  app_->set_help_flag();
  app_->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}
CommandLine::~CommandLine() = default;

FlagGroup CommandLine::group(const std::string& name) { return {*app_, name}; }
void CommandLine::footer(const std::string& text) { app_->footer(text); }

std::optional<Flag> CommandLine::find(const std::string& flag) const {
  CLI::Option* option = app_->get_option_no_throw(flag);
  return option ? std::optional(Flag(option)) : std::nullopt;
}

bool CommandLine::read(std::vector<std::string> arguments) {
  app_->set_help_flag("-h,--help", "this text")->group("Output");
  app_->allow_extras();
  const std::vector<std::string> more = config_arguments(*app_, arguments);
  arguments.insert(arguments.end(), more.begin(), more.end());
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app_->parse(arguments);
  } catch (const CLI::CallForHelp&) {
    return false;
  } catch (const CLI::ConversionError& error) {
    throw UsageError(conversion_text(error.what()));
  } catch (const CLI::ArgumentMismatch& error) {  // "--seed: 1 required N missing"
    const std::string said = error.what();
    throw UsageError(said.substr(0, said.find(':')) + " needs a value");
  } catch (const CLI::ParseError& error) {
    refuse_unknown(*app_);  // a misspelt flag explains a missing one
    throw UsageError(error.what());
  }
  refuse_unknown(*app_);
  return true;
}

std::string CommandLine::help() const { return help_text(*app_); }

}  // namespace lanewise::cli
