// Why shapes fit or clash, in words: shapes aligned at the right, the axis that
// fails, both extents, and the likely repair. The silent mistakes that broadcast
// without an error have names.
#include <fmt/format.h>

#include "base/shape_errors.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

int common_rank(std::span<const Shape> shapes) {
  int rank = 0;
  for (const Shape& s : shapes) rank = std::max(rank, s.rank());
  return rank;
}

// The extent of `s` at `axis` of a result with `rank` axes; 1 where s has no such axis.
int64_t aligned(const Shape& s, int axis, int rank) {
  const int own = axis - (rank - s.rank());
  return own < 0 ? 1 : s[own];
}

// A row an operand, extents under each other.
std::string drawing(std::span<const Shape> shapes, const Shape* result, int failing_axis) {
  const int rank = common_rank(shapes);
  std::vector<std::size_t> width(rank, 1);
  auto measure = [&](const Shape& s) {
    for (int i = 0; i < s.rank(); ++i) {
      std::size_t& w = width[i + rank - s.rank()];
      w = std::max(w, fmt::format("{}", s[i]).size());
    }
  };
  for (const Shape& s : shapes) measure(s);
  if (result) measure(*result);
  auto row = [&](std::string_view label, const Shape& s) {
    std::string line = fmt::format("  {:<8}", label);
    for (int i = 0; i < rank; ++i) {
      const int own = i - (rank - s.rank());
      line += fmt::format(" {:>{}}", own < 0 ? std::string() : fmt::format("{}", s[own]), width[i]);
    }
    return line + "\n";
  };
  std::string text;
  for (std::size_t k = 0; k < shapes.size(); ++k)
    text += row(shapes.size() == 2 ? (k == 0 ? "left" : "right") : fmt::format("operand {}", k + 1),
                shapes[k]);
  if (result) text += row("result", *result);
  if (failing_axis < 0) return text;
  std::string marks = std::string(10, ' ');
  for (int i = 0; i < rank; ++i)
    marks += ' ' + std::string(width[i] - 1, ' ') + (i == failing_axis ? '^' : ' ');
  marks.erase(marks.find_last_not_of(' ') + 1);
  return text + marks + "\n";
}

struct Clash {
  int axis = -1;
  std::size_t left = 0, right = 0;  // operands
};

// The last axis that fails, as one reads shapes from the right.
Clash find_clash(std::span<const Shape> shapes) {
  const int rank = common_rank(shapes);
  for (int axis = rank - 1; axis >= 0; --axis) {
    std::size_t wide = 0;
    for (std::size_t k = 0; k < shapes.size(); ++k) {
      const int64_t extent = aligned(shapes[k], axis, rank),
                    so_far = aligned(shapes[wide], axis, rank);
      if (extent == 1) continue;
      if (so_far == 1) wide = k;
      else if (extent != so_far) return {axis, wide, k};
    }
  }
  return {};
}

// "axis 1 has extent 3 in (2, 3) and 4 in (4,)"
std::string text(const Clash& clash, std::span<const Shape> shapes) {
  const Shape &a = shapes[clash.left], &b = shapes[clash.right];
  const int rank = common_rank(shapes);
  return fmt::format("axis {} has extent {} in {} and {} in {}", clash.axis,
                     aligned(a, clash.axis, rank), to_string(a), aligned(b, clash.axis, rank),
                     to_string(b));
}

constexpr std::string_view kAnyRepair =
    "two extents fit when they are equal or one of them is 1; reshape, slice or reduce one operand";

Shape with_column_axis(const Shape& vector) { return {vector[0], 1}; }

std::string_view ordinal(std::size_t operand) {
  static constexpr std::string_view kWords[] = {"first", "second", "third", "fourth", "fifth"};
  return operand < std::size(kWords) ? kWords[operand] : "last";
}

// (…, m, n) with (…, m): a reduction that lost its axis.
std::string missing_axis_repair(const Shape& matrix, const Shape& vector, std::size_t operand) {
  for (int axis = 0; axis < matrix.rank(); ++axis) {
    Shape reduced = matrix;
    reduced.erase(axis);
    if (!(reduced == vector)) continue;
    Shape kept = matrix;
    kept[axis] = 1;
    return fmt::format(
        "{} is {} without axis {}: if it comes from a reduction such as mean over axis {}, "
        "keepdims=True gives {}; else use expand_dims(…, {}) on the {} operand",
        to_string(vector), to_string(matrix), axis, axis, to_string(kept), axis, ordinal(operand));
  }
  return {};
}

Shape transposed(const Shape& s) {
  Shape out = s;
  std::swap(out[s.rank() - 1], out[s.rank() - 2]);
  return out;
}

std::string likely_repair(std::span<const Shape> shapes, const Clash& clash) {
  const Shape &a = shapes[clash.left], &b = shapes[clash.right];
  if (a.rank() == b.rank() + 1)
    if (std::string repair = missing_axis_repair(a, b, clash.right); !repair.empty()) return repair;
  if (b.rank() == a.rank() + 1)
    if (std::string repair = missing_axis_repair(b, a, clash.left); !repair.empty()) return repair;
  if (a.rank() == 2 && b.rank() == 2 && a[0] == b[1] && a[1] == b[0])
    return fmt::format("one of them is the transpose of the other: transpose the {} operand",
                       ordinal(clash.right));
  if (a.rank() == 1 && b.rank() == 1)
    return fmt::format(
        "for all pairs use expand_dims on the first, {} with {}; else check which one has "
        "the wrong length",
        to_string(with_column_axis(a)), to_string(b));
  return std::string(kAnyRepair);
}

bool is_column(const Shape& s) { return s.rank() == 2 && s[1] == 1 && s[0] > 1; }
bool is_row(const Shape& s) { return s.rank() == 2 && s[0] == 1 && s[1] > 1; }

// The silent mistakes, for every pair of operands.
void find_warnings(const Shape& a, const Shape& b, std::vector<ShapeWarning>& out) {
  const Shape &small = a.rank() <= b.rank() ? a : b, &large = a.rank() <= b.rank() ? b : a;
  const bool vector = small.rank() == 1 && small[0] > 1;
  if (vector && is_column(large) && large[0] == small[0]) {
    out.push_back(
        {"rank-1 meets a column",
         fmt::format("a rank-1 array {} met a column {}: the result is the {} table of all pairs, "
                     "not an elementwise operation; make the first a column too, with "
                     "reshape to {}",
                     to_string(small), to_string(large), to_string(Shape{large[0], small[0]}),
                     to_string(with_column_axis(small)))});
  } else if (vector && large.rank() == 2 && large[0] == large[1] && large[0] == small[0]) {
    out.push_back(
        {"square matrix meets a rank-1 array",
         fmt::format("{} fits either axis of {}; it was aligned with the columns. If it belongs to "
                     "the rows (a sum over axis 1, say), keepdims=True or reshape to {} says so",
                     to_string(small), to_string(large), to_string(with_column_axis(small)))});
  } else if ((is_column(a) && is_row(b) && a[0] == b[1]) ||
             (is_row(a) && is_column(b) && a[1] == b[0])) {
    const int64_t n = is_column(a) ? a[0] : b[0];
    out.push_back(
        {"accidental outer product",
         fmt::format("a column and a row of {} elements each became {}: if an elementwise "
                     "operation was meant, one of them needs a transpose",
                     n, to_string(Shape{n, n}))});
  }
}

}  // namespace

BroadcastExplanation explain_broadcast(std::span<const Shape> shapes, std::string_view operation) {
  BroadcastExplanation e;
  e.inputs.assign(shapes.begin(), shapes.end());
  const Clash clash = find_clash(shapes);
  e.ok = clash.axis < 0;
  std::string operands;
  for (const Shape& s : shapes)
    operands += fmt::format("{}{}", operands.empty() ? "" : " and ", to_string(s));
  if (e.ok) {
    e.shape = broadcast_shapes(shapes, operation);
    for (std::size_t i = 0; i < shapes.size(); ++i)
      for (std::size_t k = i + 1; k < shapes.size(); ++k)
        find_warnings(shapes[i], shapes[k], e.warnings);
    e.text = fmt::format("{} of {} gives {}\n{}", operation, operands, to_string(e.shape),
                         drawing(shapes, &e.shape, -1));
    for (const ShapeWarning& w : e.warnings)
      e.text += fmt::format("warning: {}: {}\n", w.name, w.text);
    return e;
  }
  const int rank = common_rank(shapes);
  e.failing_axis = clash.axis;
  e.left = aligned(shapes[clash.left], clash.axis, rank);
  e.right = aligned(shapes[clash.right], clash.axis, rank);
  e.repair = likely_repair(shapes, clash);
  e.error = fmt::format("{}: shapes {} do not broadcast: {}. Repair: {}.", operation, operands,
                        text(clash, shapes), e.repair);
  e.text = e.error + "\n" + drawing(shapes, nullptr, clash.axis);
  return e;
}

void throw_broadcast_error(std::string_view operation, std::span<const Shape> shapes) {
  const BroadcastExplanation e = explain_broadcast(shapes, operation);
  throw ShapeError(e.text,
                   {std::string(operation), e.inputs, e.failing_axis, e.left, e.right, e.repair});
}

namespace {

std::string matmul_repair(const Shape& a, const Shape& b, int64_t inner, int64_t other) {
  if (a.rank() >= 2 && a[a.rank() - 2] == other)
    return fmt::format("transpose the first operand: {} @ {}", to_string(transposed(a)),
                       to_string(b));
  if (b.rank() >= 2 && b.back() == inner)
    return fmt::format("transpose the second operand: {} @ {}", to_string(a),
                       to_string(transposed(b)));
  if (a.rank() >= 2 && b.rank() >= 2 && b.back() == a[a.rank() - 2])
    return "transpose both operands, or swap them";
  return fmt::format("the first needs {} columns, or the second {} rows", other, inner);
}

[[noreturn]] void throw_batch_error(const Shape& a, const Shape& b) {
  const Shape shapes[] = {a, b}, batches[] = {batch_axes(a), batch_axes(b)};
  const Clash clash = find_clash(batches);  // axes of a batch count as those of the result
  const int rank = common_rank(shapes);
  throw ShapeError(
      fmt::format("matmul: {} @ {}: the batch axes do not broadcast: {}. Repair: {}.\n{}",
                  to_string(a), to_string(b), text(clash, shapes), kAnyRepair,
                  drawing(shapes, nullptr, clash.axis)),
      {"matmul",
       {a, b},
       clash.axis,
       aligned(a, clash.axis, rank),
       aligned(b, clash.axis, rank),
       std::string(kAnyRepair)});
}

}  // namespace

void throw_matmul_error(const Shape& a, const Shape& b) {
  if (a.empty() || b.empty())
    throw ShapeError(
        fmt::format("matmul: {} @ {}: a scalar has no matrix product. Repair: use multiply.",
                    to_string(a), to_string(b)),
        {"matmul", {a, b}, -1, 0, 0, "use multiply"});
  const int64_t inner = a.back(), other = b[contracted_axis_of_second(b)];
  if (inner == other) throw_batch_error(a, b);
  const std::string repair = matmul_repair(a, b, inner, other);
  throw ShapeError(
      fmt::format("matmul: {} @ {}: the inner extents differ: {} columns (last axis of the first) "
                  "meet {} rows ({} axis of the second). Repair: {}.",
                  to_string(a), to_string(b), inner, other, b.rank() == 1 ? "only" : "second last",
                  repair),
      {"matmul", {a, b}, a.rank() - 1, inner, other, repair});
}

}  // namespace lanewise
