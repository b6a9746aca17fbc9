// Memory and what lies in it: a Buffer owns bytes; a Tensor is a strided window on a buffer. Values
// of a tensor that is shared never change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "lanewise/dtype.h"
#include "lanewise/shape.h"

namespace lanewise {

// Every buffer that Lanewise allocates starts at a multiple of this.
inline constexpr std::size_t kAlignment = 64;

// Owned or borrowed bytes. The owner releases them when the last copy goes.
struct Buffer {
  std::shared_ptr<void> owner;
  std::byte* data = nullptr;
  std::size_t bytes = 0;

  // Uninitialised, aligned to kAlignment; large ones ask for huge pages, and take over the
  // memory of released ones.
  // Errors: ValueError naming the size when memory does not suffice.
  static Buffer allocate(std::size_t bytes);
};

// The window itself: what kernels see. Strides count elements.
struct View {
  std::byte* data = nullptr;  // the element at index (0, …, 0)
  DType dtype = DType::float32;
  Shape shape;
  Strides strides;

  int rank() const { return shape.rank(); }
  // Elements: what has a place in memory can be counted.
  int64_t size() const {
    uint64_t count = 1;
    for (int64_t extent : shape) count *= static_cast<uint64_t>(extent);
    return static_cast<int64_t>(count);
  }
  int64_t bytes() const { return size() * static_cast<int64_t>(size_of(dtype)); }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data);
  }
  bool contiguous() const;  // row-major, or without elements
};

struct Tensor : View {
  std::shared_ptr<void> owner;

  static Tensor empty(DType dtype, const Shape& shape);  // row-major, uninitialised
  static Tensor scalar(DType dtype, double value);
  explicit operator bool() const { return data != nullptr || owner != nullptr; }
};

// Views that share the memory of `v`; arguments are checked by the caller.
View transpose_view(const View& v, const Dims& permutation);
View broadcast_view(const View& v, const Shape& shape);
View slice_view(const View& v, const Dims& start, const Shape& shape, const Dims& step);
// Fills `out` and returns true where the strides of `v` allow it.
bool reshape_view(const View& v, const Shape& shape, View* out);

}  // namespace lanewise
