// Axis classes: axes that must have the same extent because an operation aligned
// them. One class is the program's samples; a sweep runs along it.
#pragma once

#include <vector>

#include "plan/plan.h"

namespace lanewise::plan {

inline constexpr int kNoAxis = -1;
inline constexpr int kSeveralAxes = -2;  // as in the product of the samples with themselves

// Where an axis of an operand is found again in the result: there, tile for tile.
struct Alignment {
  int operand, axis;
  int result;  // kNoAxis: the axis is summed over, by a reduction or a product
};

// An axis that is not listed is cut, joined or permuted: a tile of it is not enough.
std::vector<Alignment> alignments(const std::vector<Step>& steps, const Step& step);

// Whether the step reads the values of operand k, or only its shape.
bool reads_values(const Step& step, int k);

// The classes of a program's axes, found by joining what operations align.
class AxisClasses {
 public:
  explicit AxisClasses(const std::vector<Step>& steps);
  int of(int step, int axis) const { return find(first_[step] + axis); }
  void join(int step, int axis, int other, int other_axis);

 private:
  int find(int axis) const;

  std::vector<int> first_;           // the number of each step's first axis
  mutable std::vector<int> parent_;  // of each axis; a class has one that is its own
};

// Of each step the axis along the samples, kNoAxis or kSeveralAxes. The samples are what m counts;
// where nothing depends on m, the longest class, if it is longer than `least`.
std::vector<int> find_sample_axes(const Plan& plan, int64_t least);

}  // namespace lanewise::plan
