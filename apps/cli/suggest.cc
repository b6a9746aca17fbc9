#include "cli/suggest.h"

#include "base/spelling.h"

namespace lanewise::cli {

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::string* nearest = nearest_word(word, known);
  return nearest ? "; did you mean " + *nearest + "?" : "";
}

}  // namespace lanewise::cli
