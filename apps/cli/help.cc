#include "cli/help.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <sstream>

namespace lanewise::cli {
namespace {

constexpr size_t kColumns = 80, kHelpColumn = 28;

std::string name_of(const CLI::Option& option) {
  const std::string name =
      option.get_positional() ? option.get_name(true) : option.get_name(false, true);
  std::string type = option.get_expected_max() == 0 ? "" : option.get_type_name();
  type = type.substr(0, type.find(':'));  // without what checks say
  return type.empty() ? name : name + " " + type;
}

// `text` in lines that start at kHelpColumn; the first one is begun already.
std::string wrapped(const std::string& text) {
  std::string out;
  size_t column = kHelpColumn;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (column + 1 + word.size() > kColumns && column > kHelpColumn) {
      out += "\n" + std::string(kHelpColumn, ' ');
      column = kHelpColumn;
    }
    if (column > kHelpColumn) out += ' ', ++column;
    out += word;
    column += word.size();
  }
  return out;
}

std::string line_of(const CLI::Option& option) {
  std::string line = "  " + name_of(option);
  line += line.size() + 2 > kHelpColumn ? "\n" + std::string(kHelpColumn, ' ')
                                        : std::string(kHelpColumn - line.size(), ' ');
  std::string help = option.get_description();
  if (!option.get_default_str().empty()) help += " [" + option.get_default_str() + "]";
  return line + wrapped(help) + "\n";
}

std::string usage(const CLI::App& app) {
  std::string line = "Usage: " + app.get_name();
  for (const CLI::Option* option : app.get_options())
    if (option->get_required()) line += " " + name_of(*option);
    else if (option->get_positional()) line += " [" + name_of(*option) + "]";
  return line + " [FLAGS]\n";
}

}  // namespace

std::string help_text(const CLI::App& app) {
  std::string text = fmt::format("{}\n\n{}", app.get_description(), usage(app));
  for (const std::string& group : app.get_groups()) {
    const auto in_group = [&](const CLI::Option* o) { return o->get_group() == group; };
    const auto options = app.get_options(in_group);
    if (options.empty()) continue;
    text += fmt::format("\n{}:\n", group);
    for (const CLI::Option* option : options) text += line_of(*option);
  }
  return text + app.get_footer() + "\n";
}

}  // namespace lanewise::cli
