// The flags of a command: declared in the groups of its help, read from the command line and
// from --config.
//
// CLI11 reads them. A file that sees it takes seconds more to compile, so no header shows it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/values.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace lanewise::cli {

// A flag that a command has declared.
class Flag {
 public:
  explicit Flag(CLI::Option* option) : option_(option) {}

  Flag required() const;
  Flag check(const Check& check) const;
  Flag by_default(const std::string& text) const;  // what the help says
  Flag excludes(Flag other) const;                 // not both
  Flag needs(Flag other) const;

  bool is_given() const;
  bool takes_value() const;
  std::string group() const;

 private:
  CLI::Option* option_;
};

// Declares the flags of one group. Where one is given again, the last value counts. A name without
// dashes is that of an argument, as FILE. `type` says in the help what a value is. The values must
// outlive reading.
class FlagGroup {
 public:
  FlagGroup(CLI::App& app, std::string name) : app_(app), name_(std::move(name)) {}

  // The help shows what it is by default.  T: those that command_line.cc lists.
  template <class T>
  Flag value(const std::string& flag, T& into, const std::string& type,
             const std::string& help) const;
  // Unset: the recipe decides; `recipe` says how.
  template <class T>
  Flag optional(const std::string& flag, std::optional<T>& into, const std::string& type,
                const std::string& help, const std::string& recipe) const;
  // May be given several times.
  template <class T>
  Flag list(const std::string& flag, std::vector<T>& into, const std::string& type,
            const std::string& help) const;
  // `read` says what a text means.
  Flag text(const std::string& flag, const std::function<void(const std::string&)>& read,
            const std::string& type, const std::string& help) const;
  Flag count(const std::string& flag, const std::function<void(int)>& read,
             const std::string& help) const;
  // The same for each time that it is given.
  Flag each(const std::string& flag, const std::function<void(const std::string&)>& add,
            const std::string& type, const std::string& help) const;
  // A value that `read` makes of its name.
  template <class T>
  Flag named(const std::string& flag, T& into, T (*read)(std::string_view),
             const std::string& help) const {
    const auto set = [&into, read](const std::string& text) { into = read(text); };
    return text(flag, set, "NAME", help).by_default(std::string(name(into)));
  }
  // Without a value.
  Flag toggle(const std::string& flag, bool& into, const std::string& help) const;
  Flag action(const std::string& flag, const std::function<void()>& act,
              const std::string& help) const;

 private:
  CLI::App& app_;
  std::string name_;
};

class CommandLine {
 public:
  CommandLine(const std::string& command, const std::string& summary);
  ~CommandLine();

  FlagGroup group(const std::string& name = "Options");
  void footer(const std::string& text);  // of the help, taken as it is
  std::optional<Flag> find(const std::string& flag) const;

  // Reads `arguments` into the values that were declared. Where the command has a --config, flags
  // of that JSON file follow; those of the command line win. False: --help was asked for.
  // Errors: UsageError with a suggestion; IoError, DataError for the file.
  bool read(std::vector<std::string> arguments);

  std::string help() const;

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace lanewise::cli
