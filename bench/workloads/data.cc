#include "workloads/data.h"

#include <sys/mman.h>

#include <cstdlib>
#include <memory>
#include <new>

#include "lanewise/ops.h"

namespace lanewise::bench {
namespace {

// "lowbias32", Chris Wellons: Prospecting for Hash Functions, 2018.
uint32_t hash(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7feb352d;
  x = (x ^ (x >> 15)) * 0x846ca68b;
  return x ^ (x >> 16);
}

float number(uint32_t seed, int64_t place) {
  const uint32_t bits = hash(static_cast<uint32_t>(place) + hash(seed));
  return static_cast<float>(bits >> 8) * 0x1p-23f - 1;
}

// Asks for huge pages, as NumPy does for the inputs of the peers.
std::shared_ptr<float[]> allocate(int64_t size) {
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  const std::size_t bytes =
      static_cast<std::size_t>(size) * sizeof(float) / kHugePage * kHugePage + kHugePage;
  void* data = std::aligned_alloc(kHugePage, bytes);
  if (!data) throw std::bad_alloc();
  madvise(data, bytes, MADV_HUGEPAGE);
  return {static_cast<float*>(data), std::free};
}

}  // namespace

Array uniform(uint32_t seed, const Shape& shape) {
  const int64_t size = element_count(shape);
  const std::shared_ptr<float[]> values = allocate(size);
  for (int64_t i = 0; i < size; ++i) values[i] = number(seed, i);
  // Borrowed: a copy would double the memory of a large input.
  return asarray(values.get(), DType::float32, shape, row_major_strides(shape), values);
}

Array parameter(std::size_t i, const Shape& shape) {
  return 0.1 * uniform(kFirstParameter + static_cast<uint32_t>(i), shape);
}

}  // namespace lanewise::bench
