// Memory shared with NumPy, both ways.
#include <nanobind/ndarray.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "convert.h"
#include "lanewise/error.h"

namespace lanewise::python {
namespace {

struct Deferred {
  std::mutex mutex;
  std::vector<Py_buffer*> buffers;
};
Deferred& deferred() {
  static auto* list = new Deferred;  // arrays may outlive static destruction
  return *list;
}

void release(Py_buffer* buffer) {
  PyBuffer_Release(buffer);
  delete buffer;
}

// The deleter of borrowed memory; any thread may call it at any time.
void let_go(Py_buffer* buffer) {
  if (!Py_IsInitialized()) return;  // the process ends; so does the memory
  if (PyGILState_Check()) return release(buffer);
  const std::lock_guard lock(deferred().mutex);
  deferred().buffers.push_back(buffer);
}

nb::dlpack::dtype dlpack_dtype(DType dtype) {
  return with_type(dtype, [](auto type) { return nb::dtype<typename decltype(type)::type>(); });
}

[[noreturn]] void refuse_memory(const char* why) {
  throw ValueError(std::string("asarray: ") + why + "; lanewise.array copies");
}

}  // namespace

void release_deferred() {
  std::vector<Py_buffer*> buffers;
  {
    const std::lock_guard lock(deferred().mutex);
    buffers.swap(deferred().buffers);
  }
  for (Py_buffer* buffer : buffers) release(buffer);
}

Array borrow_numpy(nb::handle array) {
  const DType dtype = to_dtype(array.attr("dtype"));
  auto* buffer = new Py_buffer;
  if (PyObject_GetBuffer(array.ptr(), buffer, PyBUF_STRIDED_RO) != 0) {
    delete buffer;
    throw nb::python_error();
  }
  const std::shared_ptr<void> owner(buffer, [](void* p) { let_go(static_cast<Py_buffer*>(p)); });
  const auto size = static_cast<int64_t>(size_of(dtype));
  if (reinterpret_cast<std::uintptr_t>(buffer->buf) % size_of(dtype) != 0)
    refuse_memory("the memory is not aligned to its elements");
  Shape shape;
  Strides strides;
  for (int axis = 0; axis < buffer->ndim; ++axis) {
    if (buffer->shape[axis] > 1 && buffer->strides[axis] % size != 0)
      refuse_memory("the strides are no multiples of the element's size");
    shape.push_back(buffer->shape[axis]);
    strides.push_back(buffer->strides[axis] / size);
  }
  return asarray(buffer->buf, dtype, shape, strides, owner);
}

Tensor evaluated(const Array& a) {
  return without_gil([handle = a] { return handle.tensor(); });
}

nb::object to_numpy(const Array& a) {
  auto tensor = std::make_unique<Tensor>(evaluated(a));
  const Tensor& t = *tensor;
  std::vector<std::size_t> shape(t.shape.begin(), t.shape.end());
  const nb::capsule owner(tensor.get(), [](void* p) noexcept { delete static_cast<Tensor*>(p); });
  tensor.release();
  return nb::cast(nb::ndarray<nb::numpy, nb::ro>(t.data, shape.size(), shape.data(), owner,
                                                 t.strides.begin(), dlpack_dtype(t.dtype)));
}

}  // namespace lanewise::python
