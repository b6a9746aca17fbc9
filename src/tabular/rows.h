// Which rows of a table serve what: to train on, to validate, to test.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tabular/target.h"

namespace lanewise {

// As positions in the target's values.
struct Rows {
  std::vector<int64_t> train, validation, test;
  // Of each training row the member that leaves it out; empty where one network is trained.
  std::vector<int64_t> folds;
};

// How many folds so many training rows have, where so many are wanted; 1: none.
int64_t folds_of(int64_t rows, int64_t wanted);

// Stratified by class or by tenths of the target, seeded by `options`; `has_test`: the test has a
// table of its own.
Rows split(const TrainOptions& options, const TargetValues& target, bool has_test);

std::vector<int64_t> pick(std::span<const int64_t> from, std::span<const int64_t> positions);

// None where there are no values.
template <class T>
std::vector<T> values_at(const std::vector<T>& values, std::span<const int64_t> positions) {
  std::vector<T> out;
  if (!values.empty())
    for (int64_t i : positions) out.push_back(values[static_cast<std::size_t>(i)]);
  return out;
}

}  // namespace lanewise
