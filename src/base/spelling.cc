#include "base/spelling.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace lanewise {
namespace {

std::size_t unlikeness(std::string_view word, std::string_view known) {
  const bool begins = word.size() >= 4 && (known.starts_with(word) || word.starts_with(known));
  return begins ? 1 : edit_distance(word, known);
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = std::exchange(row[j + 1], std::min({replaced, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row.back();
}

const std::string* nearest_word(std::string_view word, std::span<const std::string> known) {
  const std::string* best = nullptr;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;  // farther is no typing error
  for (const std::string& k : known) {
    const std::size_t u = unlikeness(word, k);
    // Where nothing is kept, nothing is alike.
    if (u < least && u < std::max(word.size(), k.size())) best = &k, least = u;
  }
  return best;
}

}  // namespace lanewise
