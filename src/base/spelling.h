// Which known word a misspelt one was meant to be.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace lanewise {

// Insertions, deletions and replacements that turn `a` into `b` (Levenshtein 1966), in bytes.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The most alike of `known`, the first of equals; nullptr: none is so near that `word` looks like
// a typing error. A word that was cut short or goes on is near, too.
const std::string* nearest_word(std::string_view word, std::span<const std::string> known);

}  // namespace lanewise
