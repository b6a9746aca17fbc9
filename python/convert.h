// What crosses the border: objects of Python to values of Lanewise and back.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <vector>

#include "base/tensor.h"
#include "gil.h"
#include "lanewise/array.h"

namespace lanewise::python {

namespace nb = nanobind;
using namespace nb::literals;

// An operand: an Array as it is; a bool, int or float of Python as a weak
// scalar; all else that numpy.asarray takes, copied, so that a later change of
// it doesn't reach a pending result.  Errors: DTypeError naming the repair.
Array to_array(nb::handle value);
std::vector<Array> to_arrays(nb::handle sequence);
// The sign of an int of Python that no int64 holds; 0 for all else.
int beyond_int64(nb::handle value);
Array large_as_float(nb::handle value);
[[noreturn]] void refuse_large(const char* operation, nb::handle value);
// Whether an operator should try `value`; else Python asks the other operand's class.
bool is_operand(nb::handle value);
bool is_array(nb::handle value);

// The array that `array`, a numpy.ndarray, shows: its memory is shared, not
// copied, and `array` lives as long as that is needed.
// Errors: DTypeError; ValueError where no strided view of elements exists.
Array borrow_numpy(nb::handle array);
// As numpy.array(value), in memory of its own.
Array copy_of(nb::handle value, nb::handle dtype = nb::none());
// As numpy.asarray(value): shares the memory of a numpy.ndarray.
Array as_array(nb::handle value, nb::handle dtype = nb::none());

// Values without a copy: a read-only numpy.ndarray. Evaluates, without the GIL.
nb::object to_numpy(const Array& a);
Tensor evaluated(const Array& a);

// numpy.dtype objects, names and scalar types.  Errors: DTypeError naming the repair.
DType to_dtype(nb::handle dtype);
std::optional<DType> to_optional_dtype(nb::handle dtype);
nb::object numpy_dtype(DType dtype);

int64_t to_int(nb::handle value);  // anything with __index__
// An int, or what NumPy or Lanewise have for one: a scalar, an array of rank 0.
bool is_integer_number(nb::handle value);
Shape to_shape(nb::handle shape);  // an integer or a sequence of them, also an array
Axes to_axes(nb::handle axis);     // None, an integer or a sequence
std::optional<int> to_axis(nb::handle axis);
nb::tuple tuple_of(const Dims& dims);

// a[key] and a[key] = value, with NumPy's integer arrays and masks.
Array get_item(const Array& a, nb::handle key);
void set_item(Array& a, nb::handle key, nb::handle value);

// Memory of Python that was let go while the GIL was free. It is released at
// the next chance: waiting for the GIL inside an evaluation could deadlock.
void release_deferred();

// f() while other threads of Python may run.
template <class F>
auto without_gil(F&& f) {
  struct Finish {
    ~Finish() { release_deferred(); }
  } finish;
  const GilReleased released;
  return f();
}

}  // namespace lanewise::python
