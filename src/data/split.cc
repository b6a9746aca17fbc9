#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/mersenne_twister.h"
#include "lanewise/data.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

// The rows of each class, shuffled.
std::vector<std::vector<int64_t>> shuffled_strata(int64_t rows, uint32_t seed,
                                                  std::span<const int32_t> classes) {
  if (!classes.empty() && static_cast<int64_t>(classes.size()) != rows)
    throw ValueError(fmt::format("{} classes for {} rows to split", classes.size(), rows));
  std::map<int32_t, std::vector<int64_t>> strata;
  for (int64_t i = 0; i < rows; ++i) strata[classes.empty() ? 0 : classes[i]].push_back(i);
  MersenneTwister twister(seed);
  std::vector<std::vector<int64_t>> shuffled;
  for (auto& [label, members] : strata) {
    twister.shuffle(members);
    shuffled.push_back(std::move(members));
  }
  return shuffled;
}

}  // namespace

Split split_rows(int64_t rows, double held_out_fraction, uint32_t seed,
                 std::span<const int32_t> classes) {
  if (!(held_out_fraction >= 0 && held_out_fraction < 1))
    throw ValueError(fmt::format(
        "the share of rows to hold out is {}, expected 0 or more and below 1", held_out_fraction));
  const std::vector<std::vector<int64_t>> strata = shuffled_strata(rows, seed, classes);
  Split split;
  double owed = 0;  // rows still to hold out: rounding errors of strata must not add up
  for (const std::vector<int64_t>& members : strata) {
    owed += held_out_fraction * static_cast<double>(members.size());
    const auto size = static_cast<int64_t>(members.size());
    const int64_t count =
        std::clamp<int64_t>(std::llround(owed), 0, std::max<int64_t>(size - 1, 0));
    owed -= static_cast<double>(count);
    split.held_out.insert(split.held_out.end(), members.begin(), members.begin() + count);
    split.train.insert(split.train.end(), members.begin() + count, members.end());
  }
  if (held_out_fraction > 0 && split.held_out.empty() && rows > 1) {
    const auto largest =
        std::max_element(strata.begin(), strata.end(),
                         [](const auto& a, const auto& b) { return a.size() < b.size(); });
    split.held_out.push_back(largest->back());
    std::erase(split.train, largest->back());
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.held_out.begin(), split.held_out.end());
  return split;
}

std::vector<int64_t> split_folds(int64_t rows, int64_t folds, uint32_t seed,
                                 std::span<const int32_t> classes) {
  if (folds < 1 || folds > rows)
    throw ValueError(fmt::format("{} folds of {} rows, expected 1 … {}", folds, rows, rows));
  std::vector<int64_t> fold(static_cast<std::size_t>(rows));
  int64_t dealt = 0;  // on across the classes, or the first folds would get more of each
  for (const std::vector<int64_t>& members : shuffled_strata(rows, seed, classes))
    for (int64_t row : members) fold[static_cast<std::size_t>(row)] = dealt++ % folds;
  return fold;
}

}  // namespace lanewise
