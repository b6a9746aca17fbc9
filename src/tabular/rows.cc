#include "tabular/rows.h"

#include <algorithm>
#include <numeric>

namespace lanewise {
namespace {

// A fold of fewer rows says too little about the network that leaves it out.
constexpr int64_t kFewestRowsAFold = 5;

constexpr int64_t kStrata = 10;

// Tenths of the rows by the size of their target, so that every part of a split
// holds small and large ones alike.
std::vector<int32_t> strata_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<int32_t> strata(values.size());
  const auto rows = static_cast<int64_t>(values.size());
  for (int64_t rank = 0; rank < rows; ++rank)
    strata[order[static_cast<std::size_t>(rank)]] = static_cast<int32_t>(rank * kStrata / rows);
  return strata;
}

std::vector<int32_t> strata_at(const TargetValues& target, std::span<const int64_t> positions) {
  return target.classes.empty() ? strata_of(values_at(target.values, positions))
                                : values_at(target.classes, positions);
}

// Splits off a share of `positions`.
std::vector<int64_t> hold_out(std::vector<int64_t>& positions, double share, uint32_t seed,
                              const TargetValues& target) {
  const Split split =
      split_rows(static_cast<int64_t>(positions.size()), share, seed, strata_at(target, positions));
  std::vector<int64_t> held_out = pick(positions, split.held_out);
  positions = pick(positions, split.train);
  return held_out;
}

}  // namespace

std::vector<int64_t> pick(std::span<const int64_t> from, std::span<const int64_t> positions) {
  std::vector<int64_t> out;
  for (int64_t i : positions) out.push_back(from[static_cast<std::size_t>(i)]);
  return out;
}

int64_t folds_of(int64_t rows, int64_t wanted) {
  return std::max<int64_t>(1, std::min(wanted, rows / kFewestRowsAFold));
}

Rows split(const TrainOptions& o, const TargetValues& target, bool has_test) {
  Rows rows;
  rows.train.resize(target.rows.size());
  std::iota(rows.train.begin(), rows.train.end(), int64_t{0});
  if (o.test_fraction > 0 && !has_test)
    rows.test = hold_out(rows.train, o.test_fraction, o.seed, target);
  // Another stream than the test split's, or both would favour the same rows.
  const uint32_t seed = o.seed + 0x9e3779b9u;
  const auto count = static_cast<int64_t>(rows.train.size());
  const int64_t folds = folds_of(count, o.folds);
  if (folds > 1) rows.folds = split_folds(count, folds, seed, strata_at(target, rows.train));
  else if (o.validation > 0) rows.validation = hold_out(rows.train, o.validation, seed, target);
  return rows;
}

}  // namespace lanewise
