// A traced program on the samples of a Source.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "array/traced_program.h"
#include "lanewise/runtime.h"
#include "lanewise/streams.h"

namespace lanewise {

// Errors: ValueError, naming `operation`, for a negative number.
void check_chunk_bytes(std::string_view operation, int64_t chunk_bytes);

// Sets `outputs` but for those along the samples, which go to `sinks`, in order.
// `axes`: which argument runs along the samples on which axis, −1 for none; `others`: those.
void run_streamed(const TracedProgram& program, std::span<const int> axes, Source& source,
                  std::span<const Tensor> others, std::span<Sink* const> sinks, int64_t chunk_bytes,
                  std::vector<Tensor>& outputs);
// What it makes.
std::vector<StreamedResult> streamed_results(const TracedProgram& program,
                                             std::span<const int> axes, const Source& source,
                                             std::span<const Tensor> others);

}  // namespace lanewise
