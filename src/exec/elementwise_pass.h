// Elementwise steps of one shape as one pass: a strip of elements goes through all of them
// before the next, in L1, and what none but they read is never stored.
#pragma once

#include <vector>

#include "kernels/elementwise/compound.h"
#include "kernels/loop_nest.h"
#include "plan/plan.h"

namespace lanewise::exec {

// Whether a step can be part of a pass.
bool can_join_pass(const plan::Step& step);

// An array that a pass reads or writes: where element 0 lies and how to get on.
struct Window {
  std::byte* data;
  int64_t bytes;    // of an element
  int64_t stride;   // elements, within a strip; 0: one number for all
  int64_t advance;  // elements, for each element before a strip; 0: every strip finds its own here
  // Of a result that goes around the caches: where element 0 of all goes. `data` holds a strip.
  std::byte* leaves = nullptr;
  // What is read soon after the strip: as many elements, brought into cache meanwhile, along the
  // copy of this result if it leaves.
  const std::byte* next = nullptr;
};

struct ElementwisePass {
  // Elements of a strip at most, and of one that comes from memory or goes there: short, so that
  // the processor computes while the lines of others move.
  static constexpr int64_t kStrip = 1024, kMovingStrip = 256;

  // An operand or a result of an operation.
  struct Place {
    int buffer = -1;   // of a strip
    int outside = -1;  // number in ElementwisePass::outside
  };
  struct Operation {
    kernels::Loop loop;
    int operands;
    Place places[kernels::compounds::kMostArguments + 1];  // the result is the last
  };

  std::vector<int> steps;
  std::vector<int> outside;  // steps whose values are arrays: read, or made and read elsewhere
  int read = 0;              // so many of them are read, those in front
  int buffers = 0;
  std::vector<Operation> operations;

  int64_t buffer_bytes() const { return buffers * kStrip * static_cast<int64_t>(sizeof(double)); }
  // Elements first … first + count - 1, count <= kStrip; a window for each of `outside`.
  // moves: some of them have values that leave or that come next.
  void run(const Window* windows, int64_t first, int64_t count, std::byte* buffer_memory,
           bool moves = false) const;

 private:
  void fetch(const Window* windows, int64_t count, int64_t operation) const;
};

// Of elementwise steps, operands before users.
ElementwisePass make_elementwise_pass(const plan::Plan& plan, std::vector<int> steps);

}  // namespace lanewise::exec
