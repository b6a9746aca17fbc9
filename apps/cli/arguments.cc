#include "cli/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "cli/command.h"
#include "cli/config.h"
#include "cli/suggest.h"

namespace lanewise::cli {
namespace {

// A check of a number: `accepts`, else "must be <what>, not <value>".
template <class Accepts>
CLI::Validator number_check(std::string what, Accepts accepts) {
  const auto check = [what, accepts](std::string& text) -> std::string {
    double value = NAN;
    if (!CLI::detail::lexical_cast(text, value)) return fmt::format("'{}' isn't a number", text);
    return accepts(value) ? "" : fmt::format("must be {}, not {}", what, text);
  };
  return CLI::Validator(check, "");
}

// CLI11 says "Could not convert: --seed = 1e99".
std::string conversion_text(const std::string& said) {
  const size_t colon = said.find(": "), equals = said.find(" = ");
  if (colon == std::string::npos || equals == std::string::npos) return said;
  return fmt::format("{}: '{}' isn't a number that it takes",
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

}  // namespace

CLI::Validator at_least(double least) {
  return number_check(fmt::format("{} or more", least), [least](double v) { return v >= least; });
}
CLI::Validator above_zero() {
  return number_check("greater than 0", [](double v) { return v > 0 && std::isfinite(v); });
}
CLI::Validator share() {
  return number_check("at least 0 and below 1", [](double v) { return v >= 0 && v < 1; });
}

namespace {

using Unit = std::pair<std::string_view, double>;

// "30s": a number and one of the units.
std::optional<double> with_unit(const std::string& text, std::span<const Unit> units) {
  double count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  for (const auto& [unit, size] : units)
    if (error == std::errc{} && count >= 0 && std::string_view(stop, end) == unit)
      return count * size;
  return {};
}

}  // namespace

double seconds_from(const std::string& flag, const std::string& text) {
  static constexpr Unit kUnits[] = {{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
  if (const auto seconds = with_unit(text, kUnits)) return *seconds;
  throw UsageError(fmt::format("{}: '{}' isn't a time as 30s or 5m", flag, text));
}

int64_t bytes_from(const std::string& flag, const std::string& text) {
  static constexpr Unit kUnits[] = {{"M", 0x1p20}, {"G", 0x1p30}, {"T", 0x1p40}};
  if (const auto bytes = with_unit(text, kUnits)) return static_cast<int64_t>(*bytes);
  throw UsageError(fmt::format("{}: '{}' isn't a size as 512M or 4G", flag, text));
}

void read_arguments(CLI::App& app, std::vector<std::string> arguments) {
  app.allow_extras();
  const std::vector<std::string> more = config_arguments(app, arguments);
  arguments.insert(arguments.end(), more.begin(), more.end());
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    throw;
  } catch (const CLI::ConversionError& error) {
    throw UsageError(conversion_text(error.what()));
  } catch (const CLI::ParseError& error) {
    refuse_unknown(app);  // a misspelt flag explains a missing one
    throw UsageError(error.what());
  }
  refuse_unknown(app);
}

}  // namespace lanewise::cli
