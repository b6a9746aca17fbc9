// How a compiled function is run: see CompiledFunction::report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lanewise/dtype.h"

namespace lanewise {

struct PlanReport {
  struct Step {
    std::string operation;      // as "matmul"
    std::vector<int> operands;  // numbers of earlier steps, which count from 0
    DType dtype = DType::float32;
    std::string shape;     // as "(m, 64)", m: the number of samples
    std::string storage;   // of its value: "input", "constant", "slot" of the workspace, "output"
    int place = 0;         // its number there
    bool is_view = false;  // shares the memory of its operand
  };
  // A step on the whole array, between stages.
  struct Whole {
    int step = 0;
    std::string why;  // no tile of the samples was enough; "" where it isn't along them
  };
  // What happens to each tile.
  struct Instruction {
    int step = 0;      // whose value it makes
    std::string kind;  // "view", "kernel", "product with packed panels", "sum of products",
                       // "product over the samples", "reduction over the samples"
    int chain = -1;    // elementwise ones that run strip by strip, together; −1: none
    int product = -1;  // the earlier step that it multiplies along; −1: none
    bool bias = false, maximum = false;  // added to a product; that it is at least
    int buffer = -1;                     // of the thread; −1: none
    bool kept = false;                   // stored for all samples
    std::optional<double> share;         // of the time of the threads; of a chain at its first
  };
  // A pass over the samples; the executor "fused" alone has any.
  struct Stage {
    std::vector<Whole> before;
    std::vector<Instruction> instructions;
    int64_t tile = 0;                           // samples
    int64_t buffers = 0;                        // of a thread
    int64_t thread_bytes = 0;                   // all memory of a thread
    double flops = 0;                           // of a sample
    int64_t read_bytes = 0, written_bytes = 0;  // of a sample: from and to memory
    // What a run took, of which the rest is finding the tiles and copying features apart.
    std::optional<double> seconds, seconds_before, share_of_tiles;
  };

  std::vector<Step> steps;
  std::vector<int> outputs;  // steps
  int64_t slots = 0;
  bool for_every_m = false;  // else for the shapes that it was made for
  int64_t block = 0;         // samples; sums are formed block by block.  0: no stages
  std::vector<Stage> stages;
  int64_t samples = 0;  // of the run that was measured; 0: none was
  std::string note;     // on that run
};

std::string to_text(const PlanReport& report);  // for people

}  // namespace lanewise
