#include "plan/cost.h"

#include "base/cpu.h"
#include "plan/sample_axes.h"

namespace lanewise::plan {
namespace {

using graph::Op;
using graph::OpClass;

// Of one core: about 3 GHz with two multiply-adds a vector a cycle, and what memory gives it.
double flops_per_ns() {
  const std::string& isa = machine().isa;
  return isa == "avx3" ? 150 : isa == "avx2" ? 80 : 6;
}
constexpr double kBytesPerNs = 8;

// Passing over an element in cache costs like this many FLOPs.
constexpr double kElement = 4, kFunction = 20;

double element_flops(Op op) {
  return op >= Op::exp && op <= Op::cos && op != Op::sqrt ? kFunction : kElement;
}

}  // namespace

int64_t sample_size(const Step& step, int axis) {
  int64_t size = 1;
  for (int at = 0; at < step.shape.rank(); ++at)
    if (at != axis) size *= step.shape[at].offset;
  return size;
}

double sample_flops(const std::vector<Step>& steps, const Step& step, int axis) {
  if (step.is_view) return 0;
  const double size = static_cast<double>(sample_size(step, axis));
  if (step.op == Op::matmul) {
    // A product over the samples takes in one at a time.
    const SymbolicDims& a = steps[step.operands[0]].shape;
    return 2 * size * static_cast<double>(axis == kNoAxis ? 1 : a[a.rank() - 1].offset);
  }
  return size * element_flops(step.op);
}

double computing_cost(const std::vector<Step>& steps, const Step& step, int axis) {
  return sample_flops(steps, step, axis) / flops_per_ns();
}

double keeping_cost(const Step& step, int axis) {
  return 2 * static_cast<double>(sample_size(step, axis)) *
         static_cast<double>(size_of(step.dtype)) / kBytesPerNs;
}

}  // namespace lanewise::plan
