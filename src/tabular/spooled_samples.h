// Samples of the rows of a spooled table.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "lanewise/streams.h"
#include "tabular/spool.h"
#include "tabular/target.h"

namespace lanewise {

// What makes samples of rows of numbers.
struct SampleEncoding {
  const Table& columns;  // of the rows
  const TargetInfo& target;
  std::function<Array(std::span<const double>)> features;
  std::vector<double> class_weights;  // empty: all count alike
};

struct Samples {
  Array x;
  TargetValues target;
  std::vector<int64_t> folds;
};

class SpooledSamples {
 public:
  SpooledSamples(const SampleEncoding& encoding, const Spool& rows, const Spool* folds = nullptr)
      : encoding_(encoding), rows_(rows), folds_(folds) {}

  int64_t rows() const { return rows_.rows(); }
  bool has_weights() const { return !encoding_.class_weights.empty(); }
  bool has_folds() const { return folds_ != nullptr; }
  Samples read(int64_t first, int64_t count) const;
  // The arrays of a FitData, those that there are.
  std::vector<Array> arrays(int64_t first, int64_t count) const;

 private:
  TargetValues targets(std::span<const double> values, int64_t count) const;

  const SampleEncoding& encoding_;
  const Spool& rows_;
  const Spool* folds_;
};

// For nn::FitStream; `samples` must outlive it.
std::unique_ptr<Source> source_of(const SpooledSamples& samples);

}  // namespace lanewise
