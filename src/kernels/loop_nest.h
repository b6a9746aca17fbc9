// Strided iteration over N views of one shape: the loops around an inner loop.
//
// A LoopNest drops axes of extent 1, joins axes that all operands walk as one,
// and (where the order of elements is free) puts the axis on which the output
// is contiguous innermost. It then calls an inner loop for every run of the
// innermost axis with pointers, strides in elements (0 repeats) and a count.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <utility>

#include "base/tensor.h"
#include "base/thread_pool.h"

namespace lanewise::kernels {

// The inner loop of an N-ary kernel: data[i] and strides[i] (in elements) of operand i.
using Loop = void (*)(std::byte* const* data, const int64_t* strides, int64_t count);
// The same over the two innermost axes: rows, row_strides[i] apart.
using RowsLoop = void (*)(std::byte* const* data, const int64_t* strides,
                          const int64_t* row_strides, int64_t count, int64_t rows);

enum class AxisOrder : uint8_t { any, row_major };

template <int N>
class LoopNest {
 public:
  using Views = std::array<std::reference_wrapper<const View>, N>;

  // The last view is the output; it leads the order of the axes.
  explicit LoopNest(const Views& views, AxisOrder order = AxisOrder::any) {
    for (int i = 0; i < N; ++i) {
      data_[i] = views[i].get().data;
      bytes_[i] = static_cast<int64_t>(size_of(views[i].get().dtype));
    }
    for (int axis = 0; axis < views[0].get().rank(); ++axis) add_axis(views, axis);
    if (order == AxisOrder::any) sort_axes();
    join_axes();
    if (rank_ == 0) {
      extents_[0] = 1;
      strides_[0] = {};
      rank_ = 1;
    }
    for (int axis = 0; axis < rank_; ++axis) size_ *= extents_[axis];
    for (int i = 0; i < N; ++i) inner_strides_[i] = strides_[rank_ - 1][i];
  }

  int64_t size() const { return size_; }
  // All of it is one run.
  bool is_flat() const { return rank_ == 1; }
  const std::array<int64_t, N>& bytes() const { return bytes_; }  // of an element

  // Elements begin … end-1 in the order of the nest.
  template <class Inner>
  void run(int64_t begin, int64_t end, Inner&& inner) const {
    if (begin >= end) return;
    std::array<std::byte*, N> at = data_;
    if (rank_ == 1) {
      move(0, begin, &at);
      return inner(at.data(), inner_strides_.data(), end - begin);
    }
    std::array<int64_t, kMaxRank + 1> index{};
    seek(begin, &index, &at);
    const int last = rank_ - 1;
    while (true) {
      const int64_t count = std::min(extents_[last] - index[last], end - begin);
      inner(at.data(), inner_strides_.data(), count);
      begin += count;
      if (begin >= end) return;
      // Only the first run can start within the innermost axis.
      move(last, -index[last], &at);
      index[last] = 0;
      step(&index, &at);
    }
  }

  template <class Inner>
  void run(Inner&& inner) const {
    run(0, size_, inner);
  }

  // The same, as many rows at a time as there are.
  void run_rows(int64_t begin, int64_t end, RowsLoop inner) const {
    const int last = rank_ - 1, before = last - 1;
    if (rank_ == 1)
      return run(begin, end, [&](std::byte* const* at, const int64_t* strides, int64_t count) {
        inner(at, strides, strides, count, 1);
      });
    std::array<std::byte*, N> at = data_;
    std::array<int64_t, kMaxRank + 1> index{};
    seek(begin, &index, &at);
    while (begin < end) {
      const int64_t whole = index[last] == 0 ? (end - begin) / extents_[last] : 0;
      const int64_t rows = std::clamp<int64_t>(whole, 1, extents_[before] - index[before]);
      const int64_t count = std::min(extents_[last] - index[last], end - begin);
      inner(at.data(), inner_strides_.data(), strides_[before].data(), count, rows);
      begin += count * rows;
      move(last, -index[last], &at);
      index[last] = 0;
      move(before, rows - 1, &at);
      index[before] += rows - 1;
      step(&index, &at);
    }
  }

  // On all threads, at least `grain` elements each.
  template <class Inner>
  void run_parallel(int64_t grain, Inner&& inner) const {
    parallel(grain, [&](int64_t begin, int64_t end) { run(begin, end, inner); });
  }
  void run_rows_parallel(int64_t grain, RowsLoop inner) const {
    parallel(grain, [&](int64_t begin, int64_t end) { run_rows(begin, end, inner); });
  }

 private:
  using Row = std::array<int64_t, N>;  // a stride an operand

  template <class Run>
  void parallel(int64_t grain, const Run& run) const {
    if (size_ <= grain) return run(0, size_);
    parallel_for(size_, grain, run);
  }

  void add_axis(const Views& views, int axis) {
    const int64_t extent = views[0].get().shape[axis];
    if (extent == 1) return;
    for (int i = 0; i < N; ++i) strides_[rank_][i] = views[i].get().strides[axis];
    extents_[rank_++] = extent;
  }

  // Insertion sort: the largest stride of the output first, ties as they were.
  void sort_axes() {
    for (int i = 1; i < rank_; ++i) {
      for (int j = i; j > 0 && comes_before(j, j - 1); --j) {
        std::swap(strides_[j], strides_[j - 1]);
        std::swap(extents_[j], extents_[j - 1]);
      }
    }
  }
  bool comes_before(int a, int b) const {
    return std::abs(strides_[a][N - 1]) > std::abs(strides_[b][N - 1]);
  }

  void join_axes() {
    int kept = 0;
    for (int axis = 1; axis < rank_; ++axis) {
      if (joins(kept, axis)) {
        extents_[kept] *= extents_[axis];
        strides_[kept] = strides_[axis];
      } else {
        ++kept;
        extents_[kept] = extents_[axis];
        strides_[kept] = strides_[axis];
      }
    }
    if (rank_ > 0) rank_ = kept + 1;
  }
  bool joins(int outer, int inner) const {
    for (int i = 0; i < N; ++i) {
      if (strides_[outer][i] != strides_[inner][i] * extents_[inner]) return false;
    }
    return true;
  }

  void move(int axis, int64_t steps, std::array<std::byte*, N>* at) const {
    for (int i = 0; i < N; ++i) (*at)[i] += steps * strides_[axis][i] * bytes_[i];
  }

  void seek(int64_t element, std::array<int64_t, kMaxRank + 1>* index,
            std::array<std::byte*, N>* at) const {
    if (element == 0) return;
    for (int axis = rank_ - 1; axis >= 0; --axis) {
      (*index)[axis] = element % extents_[axis];
      element /= extents_[axis];
      move(axis, (*index)[axis], at);
    }
  }

  // To the next run: an odometer over the outer axes.
  void step(std::array<int64_t, kMaxRank + 1>* index, std::array<std::byte*, N>* at) const {
    for (int axis = rank_ - 2; axis >= 0; --axis) {
      if (++(*index)[axis] < extents_[axis]) return move(axis, 1, at);
      move(axis, 1 - extents_[axis], at);
      (*index)[axis] = 0;
    }
  }

  int rank_ = 0;
  int64_t size_ = 1;
  // The first rank_ are set.
  std::array<int64_t, kMaxRank + 1> extents_;
  std::array<Row, kMaxRank + 1> strides_;
  std::array<int64_t, N> bytes_;
  std::array<std::byte*, N> data_;
  Row inner_strides_;
};

}  // namespace lanewise::kernels
