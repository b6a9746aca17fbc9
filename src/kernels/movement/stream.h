// Copies to memory around the caches: for results that they could not hold anyway. The
// processor then need not read a line before it writes it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lanewise::kernels::fast {

// Whether a result of so many bytes is better written around the caches.
bool exceeds_caches(int64_t bytes);

// Other threads see the copy after end_streams() of this one.
void stream_copy(const std::byte* from, std::byte* to, int64_t bytes);
void end_streams();

}  // namespace lanewise::kernels::fast
