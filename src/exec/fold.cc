#include "exec/fold.h"

#include <bit>
#include <cstring>

namespace lanewise::exec {

int StateCounter::level_count(int64_t pushes) {
  return std::bit_width(static_cast<uint64_t>(pushes));
}

void StateCounter::merge(int l, std::byte* state) {
  fold_.kernels.merge(fold_.size, level(l), state);
  std::memcpy(state, level(l), fold_.state_bytes());
}

void StateCounter::push(std::byte* state) {
  int l = 0;
  for (; (count_ >> l) & 1; ++l) merge(l, state);
  std::memcpy(level(l), state, fold_.state_bytes());
  ++count_;
}

void StateCounter::finish(std::byte* state) {
  int l = std::countr_zero(static_cast<uint64_t>(count_));
  std::memcpy(state, level(l), fold_.state_bytes());
  for (++l; count_ >> l; ++l)
    if ((count_ >> l) & 1) merge(l, state);
  count_ = 0;
}

void store_result(const FoldShape& fold, const std::byte* state, const kernels::Family& kernels,
                  const View& out) {
  if (!fold.transposed) return fold.kernels.result(fold.size, state, out.data);
  const Shape turned = {out.shape[1], out.shape[0]};
  const View value{const_cast<std::byte*>(state), out.dtype, turned, row_major_strides(turned)};
  kernels.cast(transpose_view(value, {1, 0}), out);
}

int64_t FoldShape::state_bytes() const { return whole_lines(kernels.state_bytes(size)); }
int64_t FoldShape::accumulator_bytes() const {
  return product ? 0 : whole_lines(kernels.lanes_bytes(size));
}

}  // namespace lanewise::exec
