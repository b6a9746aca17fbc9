// The calculator of shapes behind `lanewise explain`.
//
//   sum     := product (('+' | '-') product)*
//   product := operand (('*' | '/' | '@') operand)*
//   operand := shape | number | '(' sum ')'
//   shape   := '(' ')' | '(' integer (',' integer)* ','? ')'
#include <fmt/format.h>

#include <cctype>
#include <limits>

#include "lanewise/error.h"
#include "lanewise/shape.h"

namespace lanewise {
namespace {

class Parser {
 public:
  Parser(std::string_view text, ShapeExpression& result) : text_(text), result_(result) {}

  void run() {
    result_.shape = sum();
    if (peek() != '\0') fail("an operator or the end");
  }

 private:
  char peek() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  [[noreturn]] void fail(std::string_view expected) {
    peek();
    throw ValueError(fmt::format("can't read the expression at column {}: expected {}\n  {}\n  {}^",
                                 at_ + 1, expected, text_, std::string(at_, ' ')));
  }

  Shape sum() {
    Shape left = product();
    for (;;) {
      if (accept('+')) left = broadcast(left, product(), "add");
      else if (accept('-')) left = broadcast(left, product(), "subtract");
      else return left;
    }
  }

  Shape product() {
    Shape left = operand();
    for (;;) {
      if (accept('*')) left = broadcast(left, operand(), "multiply");
      else if (accept('/')) left = broadcast(left, operand(), "divide");
      else if (accept('@')) left = matrix_product(left, operand());
      else return left;
    }
  }

  Shape operand() {
    // Deep nesting must not exhaust the stack.
    if (++depth_ > 200) fail("fewer parentheses");
    Shape shape;
    if (std::isdigit(static_cast<unsigned char>(peek()))) number();
    else if (accept('(')) shape = in_parentheses();
    else fail("a shape such as (2, 3), a number or '('");
    --depth_;
    return shape;
  }

  Shape in_parentheses() {
    if (accept(')')) return {};
    const std::size_t start = at_;
    if (std::isdigit(static_cast<unsigned char>(peek()))) {
      const int64_t first = number();
      if (peek() == ',' || peek() == ')') return extents(first);
      at_ = start;  // arithmetic that begins with a number
    }
    const Shape inner = sum();
    if (!accept(')')) fail("')'");
    return inner;
  }

  Shape extents(int64_t first) {
    Shape shape = {first};
    while (accept(',') && peek() != ')') {
      if (!std::isdigit(static_cast<unsigned char>(peek()))) fail("an extent, 0 or more");
      if (shape.rank() == kMaxRank) fail(fmt::format("at most {} axes", kMaxRank));
      shape.push_back(number());
    }
    if (!accept(')')) fail("',' or ')'");
    return shape;
  }

  int64_t number() {
    peek();
    int64_t value = 0;
    for (; at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])); ++at_)
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, text_[at_] - '0', &value))
        fail("a number of at most 18 digits");
    return value;
  }

  Shape broadcast(const Shape& a, const Shape& b, std::string_view operation) {
    const Shape shapes[] = {a, b};
    const BroadcastExplanation e = explain_broadcast(shapes, operation);
    result_.text += e.text;
    result_.warnings.insert(result_.warnings.end(), e.warnings.begin(), e.warnings.end());
    if (!e.ok)
      throw ShapeError(
          e.error, {std::string(operation), e.inputs, e.failing_axis, e.left, e.right, e.repair});
    return e.shape;
  }

  Shape matrix_product(const Shape& a, const Shape& b) {
    const Shape shape = matmul_shape(a, b);
    result_.text +=
        fmt::format("matmul of {} and {} gives {}\n", to_string(a), to_string(b), to_string(shape));
    return shape;
  }

  std::string_view text_;
  ShapeExpression& result_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

ShapeExpression explain_expression(std::string_view expression) {
  ShapeExpression result;
  try {
    Parser(expression, result).run();
    result.ok = true;
  } catch (const ShapeError& e) {
    result.error = e.what();
    result.shape = {};
    if (result.text.find(result.error) == std::string::npos) result.text += result.error;
    if (!result.text.ends_with('\n')) result.text += '\n';
  }
  return result;
}

}  // namespace lanewise
