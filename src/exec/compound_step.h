// Elementwise steps of which one compound makes one: see kernels/elementwise/compound.h.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "kernels/elementwise/compound.h"
#include "plan/plan.h"

namespace lanewise::exec {

// Whether each element is the product of two: of one in its row and one in its column.
bool is_outer_product(const plan::Plan& plan, const plan::Step& step);

struct CompoundStep {
  int which;                                                      // of compounds::List
  std::array<int, kernels::compounds::kMostArguments> arguments;  // steps
  int count;                                                      // of arguments
  std::vector<int> inner;  // steps that it takes in, but for the last, whose value it makes
};

// The first of compounds::List whose last operation is step `last`. may_vanish(i): whether step i
// is elementwise on values of the same shape and nobody else reads its own.
std::optional<CompoundStep> find_compound(const plan::Plan& plan, int last,
                                          const std::function<bool(int)>& may_vanish);

}  // namespace lanewise::exec
