// The lazy, immutable n-dimensional array.
//
// An operation on arrays records a node of a graph and returns at once; shapes
// and dtypes are checked right there. Values are computed when something reads
// them: eval(), printing, item(), to_vector(), data(). eval(a, b, …) computes
// exactly its arguments, sharing what they have in common; other handles stay
// pending. Semantics are NumPy's where nothing else is said.
//
// Threads may share arrays: each may read one, build upon it, take gradients and evaluate while
// others do. Two that evaluate one array at a time may both compute it. A handle that one thread
// assigns to, no other may use meanwhile, as with any variable.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "lanewise/dtype.h"
#include "lanewise/error.h"
#include "lanewise/shape.h"

namespace lanewise {

namespace graph {
struct Node;
}
struct Tensor;

// One entry of an index: a position (drops the axis), a range start:stop:step,
// or a new axis.
class Index {
 public:
  enum class Kind : uint8_t { position, range, new_axis };
  Index(std::integral auto position) : kind_(Kind::position), start_(position) {}
  Kind kind() const { return kind_; }
  std::optional<int64_t> start() const { return start_; }
  std::optional<int64_t> stop() const { return stop_; }
  int64_t step() const { return step_; }

 private:
  friend Index slice(std::optional<int64_t>, std::optional<int64_t>, int64_t);
  friend Index new_axis();
  Index() = default;
  Kind kind_ = Kind::range;
  std::optional<int64_t> start_, stop_;
  int64_t step_ = 1;
};
// start:stop:step as in Python; std::nullopt leaves an end open; step may be negative, not 0.
Index slice(std::optional<int64_t> start = {}, std::optional<int64_t> stop = {}, int64_t step = 1);
Index new_axis();

class Array {
 public:
  Array();  // the float32 scalar 0
  // A number of C++ becomes a weak scalar: it takes the dtype of the array it meets.
  // Errors: ValueError for one beyond int64.
  template <class T>
  requires std::is_arithmetic_v<T> Array(T value) : Array(weak(Widest<T>(value))) {}

  const Shape& shape() const;
  int64_t shape(int axis) const;  // negative counts from the back
  int rank() const { return shape().rank(); }
  int64_t size() const { return element_count(shape()); }
  DType dtype() const;

  // Basic indexing; missing trailing axes are taken whole. A view.
  // Errors: IndexError naming index, axis and extent.
  Array operator[](std::initializer_list<Index> index) const {
    return at(std::vector<Index>(index));
  }
  Array operator[](Index index) const { return at({index}); }
  Array at(const std::vector<Index>& index) const;
  // a[index] = value (broadcast): rebinds this handle to a new array; views
  // and copies made before keep the old values. As numpy's, but for that.
  void assign(const std::vector<Index>& index, const Array& value);

  Array T() const;  // all axes reversed
  Array reshape(const Shape& shape) const;
  Array astype(DType dtype) const;

  // Reading evaluates.
  template <class T = double>
  T item() const {  // Errors: ValueError unless size() == 1
    if constexpr (std::integral<T> && !std::same_as<T, bool>)
      return static_cast<T>(item_as<int64_t>());
    else return static_cast<T>(item_as<double>());
  }
  template <class T>
  std::vector<T> to_vector() const;  // row-major, converted to T
  // Row-major values without a copy, valid while an Array or Tensor of it lives.
  // Errors: DTypeError unless T is the array's type.
  template <class T>
  const T* data() const {
    return static_cast<const T*>(data_of(dtype_of<T>));
  }
  const Array& eval() const;  // *this, with values
  bool is_evaluated() const;
  Tensor tensor() const;  // evaluated; strides as they are (internal layout, see src/base/tensor.h)

  // The node behind the handle; for the rooms of Lanewise, not for users.
  explicit Array(std::shared_ptr<graph::Node> node) : node_(std::move(node)) {}
  // Errors: ValueError where the array was moved from.
  const std::shared_ptr<graph::Node>& node() const {
    if (!node_) refuse_moved();
    return node_;
  }

 private:
  template <class T>
  T item_as() const;
  template <class T>
  using Widest = std::conditional_t<
      std::same_as<T, bool>, bool,
      std::conditional_t<std::floating_point<T>, double,
                         std::conditional_t<std::unsigned_integral<T>, uint64_t, int64_t>>>;
  static std::shared_ptr<graph::Node> weak(bool value);
  static std::shared_ptr<graph::Node> weak(int64_t value);
  static std::shared_ptr<graph::Node> weak(uint64_t value);
  static std::shared_ptr<graph::Node> weak(double value);
  [[noreturn]] static void refuse_moved();
  const void* data_of(DType dtype) const;
  std::shared_ptr<graph::Node> node_;
};

// ---- making arrays ----

// Copies `values`, row-major.  Errors: ValueError unless they fill the shape.
template <class T>
Array array(std::span<const T> values, const Shape& shape);
template <class T>
Array array(const std::vector<T>& values, const Shape& shape) {
  return array(std::span<const T>(values), shape);
}
// A vector, or a matrix of equal rows.  float32 unless told. A type of its own for the elements of
// a vector lets {{1}, {2}} be two rows.
struct Elements {
  Elements(std::initializer_list<double> list) : values(list) {}
  std::initializer_list<double> values;
};
Array array(Elements elements, DType dtype = DType::float32);
Array array(std::initializer_list<std::initializer_list<double>> rows,
            DType dtype = DType::float32);
// Borrows memory: strides count elements; `owner` keeps it alive. Its values
// are read at evaluation, so they must not change before that.
// Errors: ValueError where strides or extents don't fit, or there is no memory for elements.
Array asarray(const void* data, DType dtype, const Shape& shape, const Strides& strides,
              std::shared_ptr<void> owner = nullptr);
Array from_tensor(Tensor tensor);

Array zeros(const Shape& shape, DType dtype = DType::float32);
Array ones(const Shape& shape, DType dtype = DType::float32);
Array full(const Shape& shape, double value, DType dtype = DType::float32);
Array full_integer(const Shape& shape, int64_t value, DType dtype);
template <std::integral T>
Array full(const Shape& shape, T value, DType dtype = DType::float32) {
  return full_integer(shape, static_cast<int64_t>(value), dtype);
}
Array eye(int64_t n, DType dtype = DType::float32);
// start, start + step, … below stop.  As numpy.arange (ceil((stop − start) / step) elements).
Array arange(double start, double stop, double step = 1, DType dtype = DType::int64);
Array linspace(double start, double stop, int64_t count = 50, DType dtype = DType::float64);
inline Array zeros_like(const Array& a) { return zeros(a.shape(), a.dtype()); }
inline Array ones_like(const Array& a) { return ones(a.shape(), a.dtype()); }

// ---- evaluation ----

void eval(std::span<const Array> arrays);
template <std::same_as<Array>... A>
void eval(const Array& first, const A&... rest) {
  const Array all[] = {first, rest...};
  eval(std::span<const Array>(all));
}

// As numpy prints: 4 significant decimals are enough for float32, 8 for float64;
// more than 1,000 elements are summarised.
std::string to_string(const Array& a);
std::ostream& operator<<(std::ostream& out, const Array& a);

// ---- gradients ----

// ∂loss/∂x for each x of `wrt`, of the shape and dtype of x; zeros where loss
// does not depend on x.  loss: one element, float.
// Errors: ShapeError, DTypeError; ValueError for a primitive without a derivative.
std::vector<Array> gradients(const Array& loss, std::span<const Array> wrt);

using Function = std::function<std::vector<Array>(const std::vector<Array>&)>;
using ScalarFunction = std::function<Array(const std::vector<Array>&)>;
struct ValueAndGrad {
  Array value;
  std::vector<Array> grads;
};
// The gradient of f with respect to its arguments `argnums` (all when empty).
std::function<std::vector<Array>(const std::vector<Array>&)> grad(ScalarFunction f,
                                                                  std::vector<int> argnums = {});
std::function<ValueAndGrad(const std::vector<Array>&)> value_and_grad(
    ScalarFunction f, std::vector<int> argnums = {});

}  // namespace lanewise
