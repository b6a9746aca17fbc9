// What a stage reduces over the samples, while its tiles go by.
//
// Each tile is added to the state of its block, each block is pushed on a counter. A
// chunk of blocks is a power of two of them, so its state is a subtree of the counter over all
// blocks, and merging chunks in order gives the bits of one thread. A fold that needs no blocks
// (kernels::fast::TileFold) has one state for the chunks that a thread takes one after another, in
// a stream one for all that fall on the same place of a chunk.
#pragma once

#include "kernels/reduce/tile_fold.h"

namespace lanewise::exec {

// Rounded up to cache lines.
constexpr int64_t whole_lines(int64_t bytes) { return (bytes + 63) / 64 * 64; }

// The size and the kernels of one fold: a product that contracts the samples, or a reduction.
struct FoldShape {
  DType dtype = DType::float32;  // of what is folded
  kernels::fast::FoldSize size;  // product: as wide as its result has elements
  bool product = false;
  bool transposed = false;  // product: the state is the transposed result
  kernels::fast::TileFold kernels{};

  int64_t state_bytes() const;
  int64_t accumulator_bytes() const;  // of a reduction
};

// The value of a finished state.
void store_result(const FoldShape& fold, const std::byte* state, const kernels::Family& kernels,
                  const View& out);

// Merges states pushed in order as kernels::BinaryCounter does, in memory that is given.
class StateCounter {
 public:
  // `levels`: level_count(pushes) states.
  StateCounter(const FoldShape& fold, std::byte* levels) : fold_(fold), levels_(levels) {}
  static int level_count(int64_t pushes);

  void push(std::byte* state);    // overwrites it
  void finish(std::byte* state);  // all that was pushed since the last finish; needs a push

 private:
  std::byte* level(int l) { return levels_ + l * fold_.state_bytes(); }
  void merge(int l, std::byte* state);  // the state of level l with a later one, into that

  const FoldShape& fold_;
  std::byte* levels_;
  int64_t count_ = 0;
};

}  // namespace lanewise::exec
