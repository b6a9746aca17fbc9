#include "cli/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <span>
#include <string_view>

#include "cli/command.h"

namespace lanewise::cli {
namespace {

// A check of a number: `accepts`, else "must be <what>, not <text>".
template <class Accepts>
Check number_check(std::string what, Accepts accepts) {
  return [what, accepts](const std::string& text) -> std::string {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0') return fmt::format("'{}' isn't a number", text);
    return accepts(value) ? "" : fmt::format("must be {}, not {}", what, text);
  };
}

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

Check at_least(double least) {
  return number_check(fmt::format("{} or more", least), [least](double v) { return v >= least; });
}
Check above_zero() {
  return number_check("greater than 0", [](double v) { return v > 0 && std::isfinite(v); });
}
Check share() {
  return number_check("at least 0 and below 1", [](double v) { return v >= 0 && v < 1; });
}
Check share_or_all() {
  return number_check("from 0 to 1", [](double v) { return v >= 0 && v <= 1; });
}

Check one_of(std::vector<std::string> texts) {
  return [texts = std::move(texts)](const std::string& text) -> std::string {
    if (std::find(texts.begin(), texts.end(), text) != texts.end()) return "";
    const auto last = texts.end() - 1;
    return fmt::format("must be {} or {}, not {}", fmt::join(texts.begin(), last, ", "), *last,
                       text);
  };
}

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

}  // namespace lanewise::cli
