// Numbers laid out as rows of equal elements.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lanewise::kernels::fast {

// to[i · row … (i + 1) · row − 1] = from[i · step], i < rows, for elements of 1, 4 or 8 bytes.
void repeat(int64_t bytes, const std::byte* from, int64_t step, int64_t rows, int64_t row,
            std::byte* to);

}  // namespace lanewise::kernels::fast
