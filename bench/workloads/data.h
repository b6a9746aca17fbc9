// Inputs of the workloads: the same numbers as bench/peers/data.py makes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lanewise/array.h"

namespace lanewise::bench {

// float32 in [−1, 1), row-major; an element depends on `seed` and its place alone.
Array uniform(uint32_t seed, const Shape& shape);

inline constexpr uint32_t kInputs = 1, kMore = 2, kFirstParameter = 10;  // seeds

// Parameter number i of a network.
Array parameter(std::size_t i, const Shape& shape);

}  // namespace lanewise::bench
