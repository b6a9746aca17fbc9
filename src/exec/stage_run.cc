#include "exec/stage_run.h"

#include <algorithm>

#include "base/thread_pool.h"
#include "exec/tile_worker.h"
#include "kernels/matmul/tile_product.h"

namespace lanewise::exec {
namespace {

// Chunks a thread: enough to even out their work, few enough to merge at once.
constexpr int64_t kChunksPerThread = 16;

// Packed matrices, then the results of the chunks, then the counters that merge them.
class SharedMemory {
 public:
  SharedMemory(const StageProgram& program, int64_t chunks, Tensor& memory)
      : panels_bytes_(program.panels_bytes), chunk_bytes_(program.chunk_bytes) {
    const int64_t bytes =
        panels_bytes_ + chunk_bytes_ * (chunks + StateCounter::level_count(chunks) + 1);
    if (!memory || memory.size() < bytes) memory = Tensor::empty(DType::int8, {bytes});
    base_ = memory.data;
    levels_ = base_ + panels_bytes_ + chunk_bytes_ * chunks;
  }
  std::byte* panels() const { return base_; }
  std::byte* chunk(int64_t c) const { return base_ + panels_bytes_ + chunk_bytes_ * c; }
  std::byte* levels() const { return levels_; }

 private:
  int64_t panels_bytes_, chunk_bytes_;
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

void pack(const StageProgram& program, const Run& run, std::byte* panels) {
  for (const Instruction& in : program.instructions) {
    if (in.kind != Instruction::Kind::product) continue;
    const bool turned = in.samples_on_right;
    const auto pack_matrix = [&](const View& matrix, int64_t offset) {
      kernels::fast::pack_panels(turned ? transpose_view(matrix, {1, 0}) : matrix, panels + offset);
    };
    const plan::Step& s = run.plan().steps[in.product];
    const View& matrix = run.view(s.operands[turned ? 0 : 1]);
    pack_matrix(matrix, in.panels);
    if (in.bias < 0) continue;
    const Shape row = turned ? Shape{matrix.shape[0], 1} : Shape{1, matrix.shape[1]};
    pack_matrix(broadcast_view(run.view(in.bias), row), in.packed_bias);
  }
}

void merge_chunks(const Instruction& in, const Run& run, const SharedMemory& memory,
                  int64_t chunks) {
  StateCounter counter(in.fold, memory.levels());
  for (int64_t c = 0; c < chunks; ++c) counter.push(memory.chunk(c) + in.partial);
  const View& out = run.view(in.step);
  std::byte* state = memory.chunk(0) + in.partial;
  counter.finish(state);
  store_result(in.fold, state, run.kernels(), out);
}

void run_program(const StageProgram& program, const Run& run, int64_t samples, Tensor& memory) {
  const int64_t blocks = (samples + kernels::kBlock - 1) / kernels::kBlock;
  const int64_t size = blocks_of_chunk(blocks), chunks = (blocks + size - 1) / size;
  const SharedMemory shared(program, chunks, memory);
  pack(program, run, shared.panels());
  if (blocks == 1) return TileWorker(program, run, samples, shared.panels()).run_only_block();
  const int64_t chunk_samples = size * kernels::kBlock;
  const auto run_chunks = [&](int64_t begin, int64_t end) {
    TileWorker worker(program, run, samples, shared.panels());
    for (int64_t c = begin; c < end; ++c)
      worker.run_chunk(c * chunk_samples, std::min(samples, (c + 1) * chunk_samples),
                       shared.chunk(c));
  };
  parallel_for(chunks, 1, run_chunks);
  for (const Instruction& in : program.instructions)
    if (in.kind == Instruction::Kind::fold) merge_chunks(in, run, shared, chunks);
}

}  // namespace

void run_stage(std::span<const StageProgram> programs, Run& run, int64_t samples,
               std::vector<Tensor>& memory) {
  for (const StageProgram& program : programs)
    for (const Instruction& in : program.instructions)
      if (in.kept || in.kind == Instruction::Kind::fold) run.allocate(in.step);
  memory.resize(std::max(memory.size(), programs.size()));
  if (programs.size() == 1) return run_program(programs[0], run, samples, memory[0]);
  const auto run_some = [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const auto at = static_cast<std::size_t>(k);
      run_program(programs[at], run, samples, memory[at]);
    }
  };
  parallel_for(static_cast<int64_t>(programs.size()), 1, run_some);
}

}  // namespace lanewise::exec
