// Shapes, broadcasting, and why a broadcast works or fails.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lanewise {

// Arrays have at most this many axes (NumPy: 64).
inline constexpr int kMaxRank = 12;

// A short list of integers, stored in place: extents, strides or axes.
// Errors: ValueError when longer than kMaxRank.
class Dims {
 public:
  Dims() = default;
  Dims(std::initializer_list<int64_t> values) : Dims(values.begin(), values.end()) {}
  explicit Dims(std::span<const int64_t> values) : Dims(values.begin(), values.end()) {}
  template <class It>
  Dims(It first, It last) {
    for (; first != last; ++first) push_back(*first);
  }
  static Dims filled(int count, int64_t value) {
    if (count > kMaxRank) throw_too_long();
    Dims d;
    d.rank_ = count;
    for (int i = 0; i < count; ++i) d.values_[i] = value;
    return d;
  }

  int rank() const { return rank_; }
  bool empty() const { return rank_ == 0; }
  int64_t operator[](int i) const { return values_[i]; }
  int64_t& operator[](int i) { return values_[i]; }
  int64_t back() const { return values_[rank_ - 1]; }
  const int64_t* begin() const { return values_.data(); }
  const int64_t* end() const { return values_.data() + rank_; }
  int64_t* begin() { return values_.data(); }
  int64_t* end() { return values_.data() + rank_; }
  void push_back(int64_t value) {
    if (rank_ == kMaxRank) throw_too_long();
    values_[rank_++] = value;
  }
  void insert(int at, int64_t value);
  void erase(int at);
  bool contains(int64_t value) const { return std::find(begin(), end(), value) != end(); }
  friend bool operator==(const Dims& a, const Dims& b) {
    if (a.rank_ != b.rank_) return false;
    for (int i = 0; i < a.rank_; ++i)
      if (a.values_[i] != b.values_[i]) return false;
    return true;
  }

 private:
  [[noreturn]] static void throw_too_long();
  std::array<int64_t, kMaxRank> values_;  // the first rank_ of them
  int rank_ = 0;
};

// Extents of the axes, outermost first; rank 0 is a scalar.
using Shape = Dims;
// Distance between neighbours along each axis, in elements; 0 repeats, may be negative.
using Strides = Dims;

// None, one or several axes; negative ones count from the back.
class Axes {
 public:
  Axes() = default;  // all axes
  Axes(int axis) : all_(false), values_{axis} {}
  Axes(std::initializer_list<int64_t> axes) : all_(false), values_(axes) {}
  explicit Axes(const Dims& axes) : all_(false), values_(axes) {}
  bool all() const { return all_; }
  const Dims& values() const { return values_; }

 private:
  bool all_ = true;
  Dims values_;
};

int64_t element_count(const Shape& shape);  // 1 for rank 0
Strides row_major_strides(const Shape& shape);
std::string to_string(const Shape& shape);  // "(2, 3)", "(5,)", "()": as Python prints a tuple

// `axis` counted from the front; negative counts from the back.
// Errors: IndexError naming `operation`, the axis and the rank.
int normalize_axis(int64_t axis, int rank, std::string_view operation);

// A shape that broadcasts without an error but is probably a mistake, by name:
// "rank-1 meets a column", "accidental outer product", "sum without keepdims", ...
struct ShapeWarning {
  std::string name;
  std::string text;  // what happens and the repair
};

// Everything there is to say of one broadcast.
struct BroadcastExplanation {
  bool ok = false;
  Shape shape;  // of the result, when ok
  std::vector<Shape> inputs;
  int failing_axis = -1;        // of the result, from the front; -1 when ok
  int64_t left = 0, right = 0;  // the clashing extents
  std::string error;            // one paragraph with the repair, empty when ok
  std::string repair;
  std::vector<ShapeWarning> warnings;
  std::string text;  // the aligned drawing, a line an operand, with error and warnings
};

// The shape that `shapes` broadcast to, as numpy.broadcast_shapes.
// Errors: ShapeError.
Shape broadcast_shapes(std::span<const Shape> shapes);
inline Shape broadcast_shapes(std::initializer_list<Shape> shapes) {
  return broadcast_shapes(std::span<const Shape>(shapes.begin(), shapes.size()));
}

// Explains the broadcast of any number of shapes; never throws for shapes.
// `operation` appears in the text ("add").
BroadcastExplanation explain_broadcast(std::span<const Shape> shapes,
                                       std::string_view operation = "broadcast");

// The shape of numpy.matmul(a, b) (1-D cases, batches).  Errors: ShapeError.
Shape matmul_shape(const Shape& a, const Shape& b);

// The result of an expression of shapes such as "(64,100) @ (100,1000) + (64,1)":
// + - * / broadcast, @ multiplies matrices, parentheses group; precedence as in Python.
struct ShapeExpression {
  bool ok = false;
  Shape shape;
  std::string error;  // empty when ok
  std::vector<ShapeWarning> warnings;
  std::string text;  // a drawing for every operation, innermost first
};
// Errors: ValueError with the column when `expression` can't be parsed.
ShapeExpression explain_expression(std::string_view expression);

}  // namespace lanewise
