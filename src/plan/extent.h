// Extents that depend on m, the number of samples of a run.
//
// A program is traced twice with two unlikely m; an extent that differs is an
// affine function of m, read off from the two values. So a plan serves every m
// without the graph knowing of symbols.
#pragma once

#include <cstdint>
#include <optional>

#include "lanewise/shape.h"

namespace lanewise::plan {

// scale · m + offset.
struct Extent {
  int64_t scale = 0;
  int64_t offset = 0;
  int64_t at(int64_t m) const { return scale * m + offset; }
  friend bool operator==(const Extent&, const Extent&) = default;
};

// The numbers of samples of the two traces: primes, so that no other extent
// of a program, nor a product of such, is taken for one.
inline constexpr int64_t kTraceRows[] = {1000003, 2000029};

// A list of extents; `constant` says that none depends on m.
class SymbolicDims {
 public:
  SymbolicDims() = default;
  explicit SymbolicDims(const Dims& constant)
      : base_(constant), scale_(Dims::filled(constant.rank(), 0)) {}
  // From the two traces; nothing when no affine function with whole numbers fits.
  static std::optional<SymbolicDims> fit(const Dims& first, const Dims& second);

  int rank() const { return base_.rank(); }
  Extent operator[](int i) const { return {scale_[i], base_[i]}; }
  void set(int i, Extent e);
  bool constant() const { return constant_; }
  Dims at(int64_t m) const;
  std::string text() const;  // "(m, 10)"
  friend bool operator==(const SymbolicDims& a, const SymbolicDims& b) {
    return a.base_ == b.base_ && a.scale_ == b.scale_;
  }

 private:
  Dims base_, scale_;
  bool constant_ = true;
};

}  // namespace lanewise::plan
