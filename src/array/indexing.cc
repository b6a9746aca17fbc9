// Basic indexing: a slice of the axes that stay, then axes dropped and added.
#include <fmt/format.h>

#include "array/eval.h"
#include "graph/build.h"
#include "lanewise/array.h"
#include "lanewise/ops.h"

namespace lanewise {
namespace {

// What an index means for an array of one shape: a slice (with dropped axes at
// extent 1) and the shape that remains.
struct Resolved {
  Dims start, step;
  Shape sliced, result;
};

// Python's rules for start:stop:step.
void resolve_range(const Index& index, int64_t extent, Resolved& r) {
  const int64_t step = index.step();
  const int64_t lowest = step > 0 ? 0 : -1, highest = step > 0 ? extent : extent - 1;
  auto bound = [&](std::optional<int64_t> at, int64_t open) {
    if (!at) return open;
    return std::clamp(*at < 0 ? *at + extent : *at, lowest, highest);
  };
  const int64_t start = bound(index.start(), step > 0 ? 0 : extent - 1);
  const int64_t stop = bound(index.stop(), step > 0 ? extent : -1);
  const int64_t span = step > 0 ? stop - start : start - stop;
  const auto distance = step > 0 ? static_cast<uint64_t>(step) : 0 - static_cast<uint64_t>(step);
  const int64_t count =
      span <= 0 ? 0 : 1 + static_cast<int64_t>(static_cast<uint64_t>(span - 1) / distance);
  r.start.push_back(count > 0 ? start : 0);
  r.step.push_back(count > 1 ? step : 1);  // a step that isn't taken may have any size
  r.sliced.push_back(count);
  r.result.push_back(count);
}

void resolve_position(int64_t at, int axis, int64_t extent, Resolved& r) {
  if (at < -extent || at >= extent)
    throw IndexError(
        fmt::format("index {} is out of range for axis {} with extent {}", at, axis, extent));
  r.start.push_back(at < 0 ? at + extent : at);
  r.step.push_back(1);
  r.sliced.push_back(1);
}

Resolved resolve(const std::vector<Index>& index, const Shape& shape) {
  Resolved r;
  int axis = 0;
  for (const Index& entry : index) {
    if (entry.kind() == Index::Kind::new_axis) {
      r.result.push_back(1);
      continue;
    }
    if (axis == shape.rank())
      throw IndexError(fmt::format("too many indices: the array of shape {} has {} axes",
                                   to_string(shape), shape.rank()));
    if (entry.kind() == Index::Kind::range) resolve_range(entry, shape[axis], r);
    else resolve_position(*entry.start(), axis, shape[axis], r);
    ++axis;
  }
  for (; axis < shape.rank(); ++axis) resolve_range(slice(), shape[axis], r);
  return r;
}

}  // namespace

Array Array::at(const std::vector<Index>& index) const {
  const Resolved r = resolve(index, shape());
  return wrap(graph::reshape(graph::slice(node_, r.start, r.sliced, r.step), r.result));
}

void Array::assign(const std::vector<Index>& index, const Array& value) {
  const Resolved r = resolve(index, shape());
  const graph::NodePtr part =
      graph::reshape(graph::broadcast_to(graph::cast(value.node(), dtype()), r.result), r.sliced);
  // One where the index points, to choose between the old values and the new.
  const graph::NodePtr mark = graph::broadcast_to(graph::scalar(DType::bool_, 1), r.sliced);
  node_ = wrap(graph::where(graph::pad(mark, r.start, shape(), r.step),
                            graph::pad(part, r.start, shape(), r.step), node_))
              .node();
}

}  // namespace lanewise
