// What a command says: results on stdout, text for people on stderr. With --json
// stdout holds exactly one object.
#pragma once

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace lanewise::cli {

using Json = nlohmann::ordered_json;

// The reader of stdout is gone (`lanewise … | head`): no reason to complain.
struct ClosedPipe {};

// Text for people that can't be written is lost: no reason to give up the work.
void write_to_stderr(std::string_view text) noexcept;

class Output {
 public:
  void set_command(std::string command) { command_ = std::move(command); }
  void set_json(bool json) { json_ = json; }
  bool json() const { return json_; }

  // The result, in one of two forms; `text` isn't shown where JSON was asked for.
  // Errors: IoError when stdout can't be written, ClosedPipe.
  void result(std::string_view text, const Json& json) const;
  void write(std::string_view text) const;  // to stdout

  template <class... T>
  void note(fmt::format_string<const T&...> format, const T&... values) const {
    say(fmt::format(format, values...));
  }
  template <class... T>
  void warn(fmt::format_string<const T&...> format, const T&... values) const {
    complain("warning: " + fmt::format(format, values...));
  }
  void say(std::string_view text) const;       // to stderr
  void complain(std::string_view text) const;  // to stderr, with the command's name

 private:
  std::string command_;
  bool json_ = false;
};

// Columns of equal width under a header row; columns of numbers to the right.
std::string text_table(const std::vector<std::vector<std::string>>& rows,
                       std::string_view indent = "");

// At most `columns` characters, whole code points, without line ends.
std::string on_a_line(std::string text, size_t columns);
std::string grouped(int64_t count);                         // 1,234,567
std::string shortened(double value);                        // 0.3123, 12.35, 1.2e+09: for people
std::string data_size(double bytes);                        // 7.76 MB, 10⁶ bytes to the MB
std::string with_unit(double count);                        // 84.8 M
std::string counted(int64_t count, std::string_view noun);  // "1 row", "2 rows"

}  // namespace lanewise::cli
