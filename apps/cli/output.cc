#include "cli/output.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "cli/interrupt.h"
#include "lanewise/error.h"

namespace lanewise::cli {
namespace {

// Code points, which is what a terminal's columns count (near enough).
size_t columns_of(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

std::string padding(std::string_view text, size_t width) {
  return std::string(width - std::min(width, columns_of(text)), ' ');
}

// Whether a column below its header holds numbers, as far as it is filled.
bool holds_numbers(const std::vector<std::vector<std::string>>& rows, size_t column) {
  return std::all_of(rows.begin() + 1, rows.end(), [&](const auto& row) {
    return row.size() <= column || row[column].find_first_of("0123456789-") == 0;
  });
}

std::string scaled(double value, std::string_view unit) {
  static constexpr const char* kPrefixes[] = {"", "k", "M", "G", "T", "P", "E"};
  size_t step = 0;
  while (value >= 999.95 && step + 1 < std::size(kPrefixes)) value /= 1000, ++step;
  const std::string_view gap = step > 0 || !unit.empty() ? " " : "";
  return fmt::format("{:.4g}{}{}{}", value, gap, kPrefixes[step], unit);
}

}  // namespace

void Output::write(std::string_view text) const {
  const size_t put = std::fwrite(text.data(), 1, text.size(), stdout);
  if (put == text.size() && std::fflush(stdout) == 0) return;
  if (errno == EPIPE) throw ClosedPipe{};
  throw IoError("<stdout>", std::string("can't be written: ") + std::strerror(errno));
}

void Output::result(std::string_view text, const Json& json) const {
  take_last_word();
  if (!json_) return write(text);
  // Names in data need not be UTF-8, JSON must be; numbers that JSON lacks (NaN) become null.
  write(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void write_to_stderr(std::string_view text) noexcept {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void Output::say(std::string_view text) const { write_to_stderr(fmt::format("{}\n", text)); }

void Output::complain(std::string_view text) const {
  say(fmt::format("lanewise{}{}: {}", command_.empty() ? "" : " ", command_, text));
}

std::string text_table(const std::vector<std::vector<std::string>>& rows, std::string_view indent) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::vector<bool> right(widths.size());
  for (size_t i = 1; i < widths.size(); ++i) right[i] = holds_numbers(rows, i);
  std::string text;
  for (const auto& row : rows) {
    std::string line(indent);
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string pad = padding(row[i], widths[i]);
      line += (i == 0 ? "" : "  ") + (right[i] ? pad + row[i] : row[i] + pad);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string on_a_line(std::string text, size_t columns) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' '; }, ' ');
  size_t at = 0, seen = 0;
  for (; at < text.size(); ++at) {
    if ((text[at] & 0xC0) == 0x80) continue;
    if (seen++ == columns) return text.substr(0, at) + "…";
  }
  return text;
}

std::string grouped(int64_t count) {
  std::string digits = std::to_string(count);
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > (count < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

std::string shortened(double value) {
  if (std::isnan(value)) return "-";
  const double size = std::abs(value);
  if (size != 0 && (size < 1e-3 || size >= 1e7)) return fmt::format("{:.3e}", value);
  return fmt::format("{:.{}f}", value, size >= 1000 ? 1 : size >= 10 ? 2 : 4);
}

std::string data_size(double bytes) { return scaled(bytes, "B"); }
std::string with_unit(double count) { return scaled(count, ""); }

std::string counted(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(count), noun, count == 1 ? "" : "s");
}

}  // namespace lanewise::cli
