// Uniform numbers one element at a time.
#include "kernels/random/normal.h"
#include "kernels/random/philox.h"
#include "kernels/random/random.h"

namespace lanewise::kernels::reference {
namespace {

// Fills the elements of `out` from axis `axis` on; `index` counts them in row-major order.
template <class T>
void fill(uint64_t key, const View& out, int axis, T* at, uint64_t* index) {
  if (axis == out.rank()) {
    *at = uniform_element(T{}, key, (*index)++);
    return;
  }
  for (int64_t i = 0; i < out.shape[axis]; ++i) {
    fill(key, out, axis + 1, at + i * out.strides[axis], index);
  }
}

}  // namespace

void uniform(uint64_t key, int64_t offset, const View& out) {
  uint64_t index = static_cast<uint64_t>(offset);
  if (out.dtype == DType::float32) fill(key, out, 0, out.as<float>(), &index);
  else fill(key, out, 0, out.as<double>(), &index);
}

void uniform_run(uint64_t key, uint32_t stream, int64_t run, float* out) {
  for (uint32_t i = 0; i < kRandomRun; ++i) {
    out[i] = uniform_of_word(run_words(key, stream, run, i % 64).w[i / 64]);
  }
}

void normal_run(uint64_t key, uint32_t stream, int64_t run, float* out) {
  for (uint32_t i = 0; i < kRandomRun; ++i) {
    const uint32_t k = i / 64, first = k - k % 2;
    const PhiloxWords words = run_words(key, stream, run, i % 64);
    const Pair pair = normal_pair(words.w[first], words.w[first + 1]);
    out[i] = k == first ? pair.x : pair.y;
  }
}

}  // namespace lanewise::kernels::reference
