#include "cli/suggest.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace lanewise::cli {
namespace {

// Insertions, deletions and replacements that turn `a` into `b` (Levenshtein 1966).
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = std::exchange(row[j + 1], std::min({replaced, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row.back();
}

// A word that was cut short or goes on ("--weight" for "--weight-decay") is near too.
size_t unlikeness(std::string_view word, std::string_view known) {
  const bool begins = word.size() >= 4 && (known.starts_with(word) || word.starts_with(known));
  return begins ? 1 : distance(word, known);
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::string* best = nullptr;
  size_t least = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& k : known)
    if (const size_t u = unlikeness(word, k); u < least) best = &k, least = u;
  return best ? "; did you mean " + *best + "?" : "";
}

}  // namespace lanewise::cli
