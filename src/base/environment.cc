#include "base/environment.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace lanewise {

int64_t number_from_environment(const char* variable, int64_t least, int64_t otherwise) {
  const char* set = std::getenv(variable);
  const std::string_view text = set ? set : "";
  if (text.empty()) return otherwise;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size() && value >= least) return value;
  std::fprintf(stderr, "lanewise: %s: '%s' isn't a number from %lld\n", variable, set,
               static_cast<long long>(least));
  return otherwise;
}

}  // namespace lanewise
