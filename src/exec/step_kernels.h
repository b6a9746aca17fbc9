// The kernel call of a step that computes, on whole arrays or on a tile of them.
#pragma once

#include <span>
#include <vector>

#include "kernels/kernels.h"
#include "plan/plan.h"

namespace lanewise::exec {

// Primitives of a kind are numbered like their kernels, from `first` on.
template <class Kernel>
Kernel kernel_of(graph::Op op, graph::Op first) {
  return static_cast<Kernel>(static_cast<int>(op) - static_cast<int>(first));
}

// What a step sees of the samples: m of them, or a tile.
struct Span {
  int64_t m = 0;        // of the plan's extents
  int64_t samples = 0;  // of the sweep
  int axis = -1;        // that runs along the samples in the step's result; -1: it is whole
  int64_t first = 0;    // of the tile
};

// The views of a step's operands; a few lie in place.
class Operands {
 public:
  template <class ViewOf>
  Operands(const plan::Step& step, ViewOf view_of) : count_(step.operands.size()) {
    if (count_ > kFew) many_.resize(count_);
    const View** views = count_ > kFew ? many_.data() : few_;
    for (std::size_t k = 0; k < count_; ++k) views[k] = view_of(step.operands[k]);
  }
  std::span<const View* const> list() const {
    return {count_ > kFew ? many_.data() : few_, count_};
  }

 private:
  static constexpr std::size_t kFew = 4;
  const std::size_t count_;
  const View* few_[kFew];
  std::vector<const View*> many_;
};

// out = the step's operation on its operands.  Errors: IndexError, ValueError by values.
void run_step(const kernels::Family& kernels, const plan::Plan& plan, const plan::Step& step,
              std::span<const View* const> operands, const View& out, const Span& span);

// The view that a view step makes of x; false where strides don't allow it.
// `start`, `shape`: of the result.
bool make_view(const plan::Step& step, const View& x, const Dims& start, const Shape& shape,
               View* out);

}  // namespace lanewise::exec
