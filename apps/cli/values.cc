#include "cli/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

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

template <class T>
std::string whole_number_check(const std::string& text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = std::string_view(text).substr(negative);
  if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos)
    return fmt::format("must be a whole number, not '{}'", text);
  T value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{}) return "";
  using Range = std::numeric_limits<T>;
  return negative ? fmt::format("must be {} or more, not {}", Range::min(), text)
                  : fmt::format("must be {} or less, not {}", Range::max(), text);
}

using Unit = std::pair<std::string_view, double>;

// "30s": a finite number and one of the units.
std::optional<double> with_unit(const std::string& text, std::span<const Unit> units) {
  double count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  for (const auto& [unit, size] : units)
    if (error == std::errc{} && count >= 0 && std::isfinite(count * size) &&
        std::string_view(stop, end) == unit)
      return count * size;
  return {};
}

}  // namespace

template <class T>
Check number_of() {
  if constexpr (std::is_integral_v<T>) return whole_number_check<T>;
  else return number_check("a number", [](double) { return true; });
}
template Check number_of<int>();
template Check number_of<int64_t>();
template Check number_of<uint32_t>();
template Check number_of<uint64_t>();
template Check number_of<double>();

Check not_empty() {
  return [](const std::string& text) { return text.empty() ? "must not be empty" : ""; };
}
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
  const auto bytes = with_unit(text, kUnits);
  if (bytes && *bytes < 0x1p63) return static_cast<int64_t>(*bytes);
  throw UsageError(fmt::format("{}: '{}' isn't a size as 512M or 4G", flag, text));
}

}  // namespace lanewise::cli
