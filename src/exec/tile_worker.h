// One thread's part of a stage: its memory, the views of the tile at hand, and the
// loop over blocks, tiles and instructions.
#pragma once

#include "exec/run.h"
#include "exec/stage_program.h"
#include "kernels/scratch.h"

namespace lanewise::exec {

class TileWorker {
 public:
  // Of `samples` in all, memory holds those from number `held` on.
  TileWorker(const StageProgram& program, const Run& run, int64_t samples, StageMemory& memory,
             int64_t held = 0);

  // Samples begin … end-1, after those of earlier calls; the states of the folds go to `result`.
  // What needs no blocks goes on from chunk to chunk and gives its state with the last, behind
  // which others may begin.
  void run_chunk(int64_t begin, int64_t end, bool last, std::byte* result);
  // What needs no blocks goes on in these lanes from now on, which others begin and finish.
  void go_on_in(std::byte* lanes) { lanes_ = lanes; }
  // All samples, one block of them; the folds go where their values belong.
  void run_only_block();

 private:
  // The views of `count` samples; then those of the samples from `first` on.
  void lay_out(int64_t count);
  void move_to(int64_t first);
  void lay_out(const Instruction& in);
  bool lay_out_view(const Instruction& in);
  void run_tile();
  using NextChain = std::vector<Chain>::const_iterator;
  // The instruction at a place, or the chain that begins there. Returns the place after it.
  std::size_t run_at(std::size_t at, NextChain& chain);
  bool run_chain(const Chain& chain);
  // The chain on tiles like this one, and its values in this one.
  const OpenChain& opened(const Chain& chain);
  bool open(const Chain& chain);
  void move(const Chain& chain);
  std::span<ChainValue> values(const Chain& chain) const {
    return {reinterpret_cast<ChainValue*>(memory(chain.values)), chain.pass.outside.size()};
  }
  bool comes_from_memory(const View& tile) const;
  bool leaves_chain(const Instruction& in, const Chain& chain) const;
  void run(const Instruction& in);
  void compute(const Instruction& in, const View& out);
  void sum_products(const Instruction& in, const View& out) const;
  void multiply(const Instruction& in, const View& out);
  void fold(const Instruction& in);
  void fold_product(const Instruction& in);
  void run_block(int64_t begin, int64_t end);
  bool passes_through(int64_t begin, int64_t end);
  // The reductions that need blocks, or those that don't.
  void begin_folds(bool in_blocks);
  void finish_folds(bool in_blocks);
  std::byte* accumulator(const Instruction& in) const {
    return lanes_ && in.goes_on() ? lanes_ + in.lanes : memory(in.accumulator);
  }
  // Where the state of a fold grows.
  std::byte* state(const Instruction& in) const;
  bool grows_in_place(const Instruction& in) const;

  const plan::Step& step(const Instruction& in) const { return plan_.steps[in.step]; }
  void store(const Instruction& in);
  bool is_streamed(const Instruction& in, const View& there) const;
  bool exceeds_caches(const Instruction& in) const;
  bool is_loaded(const External& e) const;
  void load(const External& e, int64_t first);
  void lay_out_here(const View& tile, int axis, int64_t offset, View& v) const;
  View tile_of(const View& whole, int axis, int64_t first) const;
  std::byte* place_of(const View& whole, int axis, int64_t first) const;
  View next_tile(int operand, const Instruction& in) const;
  View side_by_side(const View& x, const Instruction& in);
  // Whether a value lies in the thread's memory.
  bool is_here(const View& x) const {
    return x.data >= scratch_.data() && x.data < scratch_.data() + program_.thread_bytes;
  }
  std::byte* memory(int64_t offset) const { return scratch_.data() + offset; }
  StateCounter& counter(const Instruction& in) const {
    return *reinterpret_cast<StateCounter*>(memory(in.counter));
  }

  const StageProgram& program_;
  const Run& run_;
  const plan::Plan& plan_;
  const int64_t samples_;
  const std::byte* panels_;
  int64_t* nanoseconds_;  // see StageMemory; nullptr: nothing is measured
  const int64_t held_;
  const kernels::Scratch scratch_;
  const kernels::Scratch view_memory_;
  View* views_;                     // of the tile, by step
  int64_t count_ = -1, first_ = 0;  // the tile
  int64_t in_block_ = 0;            // samples of the block before the tile
  bool only_block_ = false;
  std::byte* lanes_ = nullptr;
};

}  // namespace lanewise::exec
