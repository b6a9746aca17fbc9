// What a reduction looks like once its axes are sorted out.
//
// Reduced axes keep their order (it numbers the elements) and are joined where
// memory allows. Of the kept axes one becomes the tile axis: neighbouring outputs
// along it form tiles, the unit of work together with a group of blocks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "base/tensor.h"

namespace lanewise::kernels {

struct ReduceGeometry {
  const std::byte* x = nullptr;
  std::byte* out = nullptr;

  Dims reduced, reduced_strides;                    // at least one axis
  int64_t count = 1;                                // reduced elements of an output
  Dims kept, kept_strides, kept_out;                // without the tile axis
  int64_t outer = 1;                                // their product
  int64_t columns = 1, stride = 0, out_stride = 0;  // the tile axis

  ReduceGeometry(const View& view, const bool* reduce, const View& result)
      : x(view.data), out(result.data) {
    for (int axis = 0; axis < view.rank(); ++axis) {
      if (reduce[axis]) add_reduced(view.shape[axis], view.strides[axis]);
      else add_kept(view.shape[axis], view.strides[axis], result.strides[axis]);
    }
    if (reduced.empty()) add_axis(&reduced, &reduced_strides, 1, 0);
    take_tile_axis();
    for (int64_t extent : kept) outer *= extent;
  }

  int64_t inner_stride() const { return reduced_strides.back(); }

  // Where reduced element `index` lies, relative to the first.
  int64_t offset(int64_t index) const {
    int64_t at = 0;
    for (int axis = reduced.rank() - 1; axis >= 0; --axis) {
      at += index % reduced[axis] * reduced_strides[axis];
      index /= reduced[axis];
    }
    return at;
  }

  // Where the outputs of an outer index start in x and in out.
  void start(int64_t index, int64_t* x_offset, int64_t* out_offset) const {
    *x_offset = *out_offset = 0;
    for (int axis = kept.rank() - 1; axis >= 0; --axis) {
      const int64_t i = index % kept[axis];
      index /= kept[axis];
      *x_offset += i * kept_strides[axis];
      *out_offset += i * kept_out[axis];
    }
  }

 private:
  static void add_axis(Dims* extents, Dims* strides, int64_t extent, int64_t stride) {
    extents->push_back(extent);
    strides->push_back(stride);
  }

  void add_reduced(int64_t extent, int64_t axis_stride) {
    count *= extent;
    if (extent == 1) return;
    const int last = reduced.rank() - 1;
    if (last >= 0 && reduced_strides[last] == axis_stride * extent) {
      reduced[last] *= extent;
      reduced_strides[last] = axis_stride;
    } else {
      add_axis(&reduced, &reduced_strides, extent, axis_stride);
    }
  }

  void add_kept(int64_t extent, int64_t axis_stride, int64_t out_axis_stride) {
    if (extent == 1) return;
    const int last = kept.rank() - 1;
    if (last >= 0 && kept_strides[last] == axis_stride * extent &&
        kept_out[last] == out_axis_stride * extent) {
      kept[last] *= extent;
      kept_strides[last] = axis_stride;
      kept_out[last] = out_axis_stride;
    } else {
      add_axis(&kept, &kept_strides, extent, axis_stride);
      kept_out.push_back(out_axis_stride);
    }
  }

  // The kept axis with the closest neighbours in x; the last of equals.
  void take_tile_axis() {
    int best = -1;
    for (int axis = 0; axis < kept.rank(); ++axis) {
      if (best < 0 || distance(axis) <= distance(best)) best = axis;
    }
    if (best < 0) return;
    columns = kept[best];
    stride = kept_strides[best];
    out_stride = kept_out[best];
    kept.erase(best);
    kept_strides.erase(best);
    kept_out.erase(best);
  }
  int64_t distance(int axis) const {
    const int64_t d = std::abs(kept_strides[axis]);
    return d == 0 ? INT64_MAX : d;
  }
};

}  // namespace lanewise::kernels
