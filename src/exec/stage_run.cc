#include "exec/stage_run.h"

#include <algorithm>
#include <utility>

#include "base/thread_pool.h"
#include "exec/tile_worker.h"
#include "kernels/matmul/bfloat16_product.h"

namespace lanewise::exec {
namespace {

// Chunks a thread: enough to even out their work, few enough to merge at once.
constexpr int64_t kChunksPerThread = 16;

// The same where nothing is merged.
constexpr int64_t kPiecesPerThread = 4;

// Of a chunk of a stream, for threads to share.
constexpr int64_t kPieces = 16;

bool is_fold(const Instruction& in) { return in.kind == Instruction::Kind::fold; }

// Grows the memory where it is too small, and then returns true.
bool reserve(Tensor& memory, int64_t bytes) {
  if (memory && memory.size() >= bytes) return false;
  memory = Tensor::empty(DType::int8, {bytes});
  return true;
}

// The results of the chunks, then the counters that merge them.
class ChunkMemory {
 public:
  ChunkMemory(const StageProgram& program, int64_t chunks, Tensor& memory)
      : bytes_(program.chunk_bytes) {
    reserve(memory, bytes_ * (chunks + StateCounter::level_count(chunks) + 1));
    base_ = memory.data;
    levels_ = base_ + bytes_ * chunks;
  }
  std::byte* chunk(int64_t c) const { return base_ + bytes_ * c; }
  std::byte* levels() const { return levels_; }

 private:
  int64_t bytes_;
  std::byte *base_, *levels_;
};

// A power of two of blocks.
int64_t blocks_of_chunk(int64_t blocks) {
  int64_t size = 1;
  while (size < StageProgram::kMaxChunkBlocks &&
         blocks / (2 * size) >= kChunksPerThread * thread_count())
    size *= 2;
  return size;
}

// Where nothing is merged, any piece will do that repays waking a thread: a few for each.
int64_t samples_of_chunk(const StageProgram& program, int64_t samples) {
  constexpr double kPieceFlops = 4e6;
  if (program.folds())
    return blocks_of_chunk((samples + kernels::kBlock - 1) / kernels::kBlock) * kernels::kBlock;
  const auto least = static_cast<int64_t>(kPieceFlops / std::max(program.flops, 1.0)) + 1;
  const auto of_parts = [&](int64_t parts) {
    constexpr int64_t kLine = 16;  // elements: what is written begins with one
    return (samples + parts * kLine - 1) / (parts * kLine) * kLine;
  };
  const int64_t small = of_parts(kPiecesPerThread * thread_count());
  return small >= least ? small : std::max(of_parts(thread_count()), least);
}

// constants: also the matrices that are the same in every run.
void pack(const StageProgram& program, const Run& run, bool constants, std::byte* panels) {
  for (const Instruction& in : program.instructions) {
    if (in.kind != Instruction::Kind::product || (in.constant && !constants)) continue;
    const bool turned = in.samples_on_right;
    const auto upright = [&](const View& x) { return turned ? transpose_view(x, {1, 0}) : x; };
    const plan::Step& s = run.plan().steps[in.product];
    const View& matrix = run.view(s.operands[turned ? 0 : 1]);
    const auto pack_matrix =
        in.bfloat16 ? kernels::fast::pack_bfloat16_panels : kernels::fast::pack_panels;
    pack_matrix(upright(matrix), panels + in.panels);
    if (in.bias < 0) continue;
    const Shape row = turned ? Shape{matrix.shape[0], 1} : Shape{1, matrix.shape[1]};
    kernels::fast::pack_panels(upright(broadcast_view(run.view(in.bias), row)),
                               panels + in.packed_bias);
  }
}

void merge_chunks(const Instruction& in, const Run& run, const ChunkMemory& memory,
                  int64_t chunks) {
  StateCounter counter(in.fold, memory.levels());
  for (int64_t c = 0; c < chunks; ++c) counter.push(memory.chunk(c) + in.partial);
  const View& out = run.view(in.step);
  std::byte* state = memory.chunk(0) + in.partial;
  counter.finish(state);
  store_result(in.fold, state, run.kernels(), out);
}

void run_program(const StageProgram& program, const Run& run, int64_t samples,
                 StageMemory& memory) {
  const int64_t chunk = samples_of_chunk(program, samples), chunks = (samples + chunk - 1) / chunk;
  const bool grew = reserve(memory.panels, program.panels_bytes);
  const bool packed = std::exchange(memory.packed, program.number) == program.number;
  pack(program, run, grew || !packed, memory.panels.data);
  memory.nanoseconds.assign(run.is_measured() ? program.instructions.size() + 1 : 0, 0);
  if (chunks == 1 && samples <= kernels::kBlock)
    return TileWorker(program, run, samples, memory).run_only_block();
  const ChunkMemory results(program, chunks, memory.chunks);
  parallel_runs(chunks, 1, [&](Runs& runs) {
    TileWorker worker(program, run, samples, memory);
    for (int64_t begin, end; runs.next(begin, end);)
      for (int64_t c = begin; c < end; ++c)
        worker.run_chunk(c * chunk, std::min(samples, (c + 1) * chunk), c + 1 == end,
                         results.chunk(c));
  });
  for (const Instruction& in : program.instructions)
    if (is_fold(in)) merge_chunks(in, run, results, chunks);
}

}  // namespace

void run_stage(std::span<const StageProgram> programs, Run& run, int64_t samples,
               std::span<StageMemory> memory) {
  for (const StageProgram& program : programs)
    for (const Instruction& in : program.instructions)
      if (in.kept || is_fold(in)) run.allocate(in.step);
  if (programs.size() == 1) return run_program(programs[0], run, samples, memory[0]);
  const auto run_some = [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const auto at = static_cast<std::size_t>(k);
      run_program(programs[at], run, samples, memory[at]);
    }
  };
  parallel_for(static_cast<int64_t>(programs.size()), 1, run_some);
}

StreamedStage::StreamedStage(const StageProgram& program, Run& run, int64_t samples, int64_t chunk,
                             StageMemory& memory)
    : program_(program),
      run_(run),
      samples_(samples),
      chunk_(chunk),
      piece_(std::max(kernels::kBlock, chunk / kPieces)),
      memory_(memory) {
  reserve(memory_.panels, program.panels_bytes);
  pack(program, run, true, memory_.panels.data);
  memory_.packed = 0;  // another run may have other matrices
  reserve(pieces_, program.chunk_bytes * (chunk / piece_));
  const int levels = StateCounter::level_count((samples + piece_ - 1) / piece_);
  reserve(levels_, program.chunk_bytes * levels);
  std::byte* at = levels_.data;
  for (const Instruction& in : program.instructions) {
    if (!is_fold(in)) continue;
    run.allocate(in.step);
    counters_.emplace_back(in.fold, at);
    at += in.fold.state_bytes() * levels;
  }
  reserve(lanes_, program.lanes_bytes * (chunk / piece_));
  for (const Instruction& in : program.instructions)
    for (int64_t p = 0; in.goes_on() && p < chunk / piece_; ++p)
      in.fold.kernels.begin(in.fold.size, lanes_.data + program.lanes_bytes * p + in.lanes);
}

void StreamedStage::run_chunk(int64_t first, int64_t count) {
  const int64_t pieces = (count + piece_ - 1) / piece_;
  const auto result = [&](int64_t p) { return pieces_.data + program_.chunk_bytes * p; };
  parallel_runs(pieces, 1, [&](Runs& runs) {
    TileWorker worker(program_, run_, samples_, memory_, first);
    for (int64_t begin, end; runs.next(begin, end);)
      for (int64_t p = begin; p < end; ++p) {
        worker.go_on_in(lanes_.data + program_.lanes_bytes * p);
        worker.run_chunk(first + p * piece_, first + std::min(count, (p + 1) * piece_),
                         p + 1 == end, result(p));
      }
  });
  std::size_t fold = 0;
  for (const Instruction& in : program_.instructions) {
    if (!is_fold(in)) continue;
    for (int64_t p = 0; in.counts() && p < pieces; ++p)
      counters_[fold].push(result(p) + in.partial);
    ++fold;
  }
}

// The state that the lanes of all pieces come to.
void StreamedStage::finish_lanes(const Instruction& in, std::byte* state) {
  const kernels::fast::TileFold& kernels = in.fold.kernels;
  for (int64_t p = 0; p < chunk_ / piece_; ++p) {
    std::byte* of_piece = state + program_.chunk_bytes * p;
    kernels.finish(in.fold.size, lanes_.data + program_.lanes_bytes * p + in.lanes, of_piece);
    if (p > 0) kernels.merge(in.fold.size, state, of_piece);
  }
}

void StreamedStage::finish() {
  std::size_t fold = 0;
  for (const Instruction& in : program_.instructions) {
    if (!is_fold(in)) continue;
    std::byte* state = pieces_.data + in.partial;
    if (in.counts()) counters_[fold].finish(state);
    else finish_lanes(in, state);
    ++fold;
    store_result(in.fold, state, run_.kernels(), run_.view(in.step));
  }
}

}  // namespace lanewise::exec
