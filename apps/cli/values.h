// What the text of a flag means: checks, whose messages say what was expected, and readers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace lanewise::cli {

// What is wrong with a text; empty: nothing.
using Check = std::function<std::string(const std::string& text)>;

// A number that a T can hold.
template <class T>
Check number_of();
Check not_empty();
Check at_least(double least);
Check above_zero();
Check share();         // in [0, 1)
Check share_or_all();  // in [0, 1]
Check one_of(std::vector<std::string> texts);

// 500ms, 30s, 5m, 1h.  Errors: UsageError naming the flag.
double seconds_from(const std::string& flag, const std::string& text);
// 512M, 2G: of 1024 each.  Errors: UsageError naming the flag.
int64_t bytes_from(const std::string& flag, const std::string& text);

}  // namespace lanewise::cli
