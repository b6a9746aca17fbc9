// Inputs of the workloads: the same numbers as bench/peers/data.py makes.
#pragma once

#include <cstdint>

#include "lanewise/array.h"

namespace lanewise::bench {

// float32 in [−1, 1), row-major; an element depends on `seed` and its place alone.
Array uniform(uint32_t seed, const Shape& shape);

}  // namespace lanewise::bench
