#include "exec/chain.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "kernels/movement/repeat.h"

namespace lanewise::exec {
namespace {

// From each feature to the next, where those are evenly apart.
std::optional<int64_t> feature_step(const View& v, int samples) {
  std::optional<int64_t> step;
  int64_t expected = 0;
  for (int axis = v.rank() - 1; axis >= 0; --axis) {
    if (axis == samples || v.shape[axis] == 1) continue;
    if (!step) step = expected = v.strides[axis];
    else if (v.strides[axis] != expected) return std::nullopt;
    expected *= v.shape[axis];
  }
  return step.value_or(0);
}

}  // namespace

ChainValue::ChainValue(const View& v, const Chain& chain, int64_t samples, std::byte* strip)
    : data_(v.data),
      strip_(strip),
      bytes_(static_cast<int64_t>(size_of(v.dtype))),
      row_(chain.row),
      step_(v.strides[chain.axis]),
      feature_step_(chain.features > 1 ? feature_step(v, chain.axis).value_or(0) : 0),
      kind_(kind_of(v, chain, samples)) {}

ChainValue::Kind ChainValue::kind_of(const View& v, const Chain& chain, int64_t samples) {
  const int64_t step = v.strides[chain.axis];
  if (chain.features > 1) {
    if (!feature_step(v, chain.axis)) return Kind::other;
    return step == 1 ? Kind::flat : step == 0 ? Kind::number : Kind::column;
  }
  bool together = true, repeats = true;
  int64_t expected = 1;
  for (int axis = v.rank() - 1; axis >= 0; --axis) {
    if (axis == chain.axis || v.shape[axis] == 1) continue;
    together = together && v.strides[axis] == expected;
    repeats = repeats && v.strides[axis] == 0;
    expected *= v.shape[axis];
  }
  if (together && (step == chain.row || samples == 1)) return Kind::flat;
  if (repeats) return step == 0 ? Kind::number : Kind::column;
  return together && step == 0 ? Kind::row : Kind::other;
}

Window ChainValue::window() const {
  switch (kind_) {
    case Kind::flat: return {data_, bytes_, 1, 1};
    case Kind::number: return {data_, bytes_, 0, 0};
    case Kind::streamed: return {strip_, bytes_, 1, 0, data_};
    default: return {strip_, bytes_, 1, 0};
  }
}

// The samples of the tile that follows lie behind those of this one.
const std::byte* ChainValue::next(int64_t end, int64_t samples) const {
  if (fetched_by_ < 0) return nullptr;
  return data_ + (end < samples || feature_step_ == 0 ? end * row_ : feature_step_) * bytes_;
}

void ChainValue::next_feature() { data_ += feature_step_ * bytes_; }

void ChainValue::stream_to(const View& there, const Chain& chain) {
  data_ = there.data;
  feature_step_ = chain.features > 1 ? feature_step(there, chain.axis).value_or(0) : 0;
  kind_ = Kind::streamed;
}

bool ChainValue::is_overwritten_by(const ChainValue& result, const Chain& chain,
                                   int64_t samples) const {
  if (result.kind_ != Kind::flat) return false;
  if (kind_ != Kind::column && feature_step_ == result.feature_step_) return false;
  const int64_t elements = samples * row_ + (chain.features - 1) * result.feature_step_;
  return result.data_ <= data_ && data_ < result.data_ + elements * result.bytes_;
}

void ChainValue::fill_rows(int64_t samples) const {
  if (kind_ != Kind::row) return;
  const int64_t row = row_ * bytes_, all = samples * row;
  std::memcpy(strip_, data_, static_cast<std::size_t>(row));
  for (int64_t done = row; done < all; done *= 2)
    std::memcpy(strip_ + done, strip_, static_cast<std::size_t>(std::min(done, all - done)));
}

void ChainValue::fill_strip(int64_t first, int64_t samples) const {
  if (kind_ != Kind::column) return;
  kernels::fast::repeat(bytes_, data_ + first * step_ * bytes_, step_, samples, row_, strip_);
}

}  // namespace lanewise::exec
