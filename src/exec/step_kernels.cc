#include "exec/step_kernels.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "kernels/scratch.h"
#include "lanewise/error.h"

namespace lanewise::exec {
namespace {

using graph::Op;
using graph::OpClass;
using plan::Step;

// x itself where it has the shape, else its broadcast.
class Broadcast {
 public:
  Broadcast(const View& x, const Shape& shape) : x_(x) {
    if (x.shape != shape) made_ = broadcast_view(x, shape);
  }
  operator const View&() const { return made_ ? *made_ : x_; }

 private:
  const View& x_;
  std::optional<View> made_;
};

class StepRun {
 public:
  StepRun(const kernels::Family& kernels, const plan::Plan& plan, const Step& step,
          std::span<const View* const> operands, const View& out, const Span& span)
      : kernels_(kernels), plan_(plan), s_(step), operands_(operands), out_(out), span_(span) {}

  void run() const {
    const Shape& shape = out_.shape;
    switch (graph::traits(s_.op).kind) {
      case OpClass::unary:
        return kernels_.unary(kernel_of<kernels::Unary>(s_.op, Op::negative), x(0), out_);
      case OpClass::binary:
        if (s_.op == Op::power && is_integer(out_.dtype) && out_.size() > 0) check_exponents(x(1));
        return kernels_.binary(kernel_of<kernels::Binary>(s_.op, Op::add), Broadcast(x(0), shape),
                               Broadcast(x(1), shape), out_);
      case OpClass::where:
        return kernels_.where(Broadcast(x(0), shape), Broadcast(x(1), shape),
                              Broadcast(x(2), shape), out_);
      case OpClass::cast:
      case OpClass::view:  // that strides don't allow
        return cast();
      case OpClass::reduce: return reduce();
      case OpClass::matmul: return matmul();
      case OpClass::copy: return copy();
      default: return source();
    }
  }

 private:
  const View& x(int k) const { return *operands_[k]; }

  // Integers have no negative powers, which only the values tell.
  void check_exponents(const View& exponents) const {
    bool reduced[kMaxRank];
    std::fill_n(reduced, kMaxRank, true);
    alignas(8) std::byte memory[8];
    const Shape one = Dims::filled(exponents.rank(), 1);
    const View least{memory, exponents.dtype, one, row_major_strides(one)};
    kernels_.reduce(kernels::Reduce::min, exponents, reduced, least);
    with_type(least.dtype, [&]<class T>(std::type_identity<T>) {
      if (*least.as<T>() < T{0}) throw ValueError(graph::kNegativePower);
    });
  }

  // Also between shapes of equal size, in row-major order: of a reshape.
  void cast() const {
    if (x(0).shape == out_.shape) return kernels_.cast(x(0), out_);
    kernels_.cast(x(0), View{out_.data, out_.dtype, x(0).shape, row_major_strides(x(0).shape)});
  }

  void reduce() const {
    bool reduced[kMaxRank] = {};
    View kept{out_.data, out_.dtype, x(0).shape, {}};
    for (int axis = 0, at = 0; axis < x(0).rank(); ++axis) {
      reduced[axis] = s_.attributes.axes.contains(axis);
      const bool stays = !reduced[axis] || s_.attributes.keepdims;
      kept.shape[axis] = reduced[axis] ? s_.attributes.k : x(0).shape[axis];
      kept.strides.push_back(stays ? out_.strides[at] : 0);
      at += stays;
    }
    kernels_.reduce(kernel_of<kernels::Reduce>(s_.op, Op::sum), x(0), reduced, kept);
  }

  void matmul() const {
    auto with_batch = [&](const View& operand) {
      Shape full = out_.shape;
      const int rank = operand.rank();
      full[full.rank() - 2] = operand.shape[rank - 2];
      full[full.rank() - 1] = operand.shape[rank - 1];
      return full;
    };
    kernels_.matmul(Broadcast(x(0), with_batch(x(0))), Broadcast(x(1), with_batch(x(1))), out_);
  }

  void copy() const {
    switch (s_.op) {
      case Op::pad:
        kernels::fill_zero(out_);
        return kernels_.cast(
            x(0), slice_view(out_, s_.start.at(span_.m), x(0).shape, s_.attributes.step));
      case Op::take:
      case Op::take_along_axis:
        return with_indices(x(0).shape, [&](const View& indices) {
          kernels_.take(x(0), indices, s_.attributes.axis, out_);
        });
      case Op::scatter_add:
      case Op::scatter_add_along_axis:
        return with_indices(out_.shape, [&](const View& indices) {
          kernels_.scatter_add(x(0), indices, s_.attributes.axis, out_);
        });
      default: return concatenate();
    }
  }

  void concatenate() const {
    Dims start = Dims::filled(out_.rank(), 0);
    for (const View* part : operands_) {
      kernels_.cast(*part, slice_view(out_, start, part->shape, Dims::filled(out_.rank(), 1)));
      start[s_.attributes.axis] += part->shape[s_.attributes.axis];
    }
  }

  // The indices of a take, checked, negative ones counted from the back.
  template <class Use>
  void with_indices(const Shape& indexed, Use use) const {
    const View& raw = x(1);
    const int64_t extent = indexed[s_.attributes.axis];
    const kernels::Scratch scratch(static_cast<std::size_t>(raw.size()) * sizeof(int64_t));
    const View checked{scratch.data(), DType::int64, raw.shape, row_major_strides(raw.shape)};
    kernels_.cast(raw, checked);
    int64_t* at = checked.as<int64_t>();
    for (int64_t i = 0, n = checked.size(); i < n; ++i) {
      if (at[i] < -extent || at[i] >= extent)
        throw IndexError(fmt::format("{}: index {} is out of range for axis {} with extent {}",
                                     graph::name(s_.op), at[i], s_.attributes.axis, extent));
      if (at[i] < 0) at[i] += extent;
    }
    use(checked);
  }

  void source() const {
    if (s_.op == Op::iota)
      return kernels_.iota(s_.attributes.first, s_.attributes.increment, span_.first, out_);
    if (s_.op == Op::uniform) return uniform();
    double count = 1;
    const Shape counted = plan_.steps[s_.operands[0]].shape.at(span_.m);
    for (int64_t axis : s_.attributes.axes)
      count *= static_cast<double>(counted[static_cast<int>(axis)]);
    with_type(out_.dtype,
              [&]<class T>(std::type_identity<T>) { *out_.as<T>() = static_cast<T>(count); });
  }

  // An element's number is its place in the whole result: a tile is a run of numbers for
  // each index of the axes before the samples.
  void uniform() const {
    const auto key = static_cast<uint64_t>(*x(0).as<int64_t>());
    if (span_.axis < 0) return kernels_.uniform(key, 0, out_);
    int64_t before = 1, after = 1;
    for (int axis = 0; axis < out_.rank(); ++axis)
      (axis < span_.axis ? before : after) *= axis == span_.axis ? 1 : out_.shape[axis];
    View run = out_;
    for (int axis = 0; axis < span_.axis; ++axis) run.shape[axis] = 1;
    for (int64_t i = 0; i < before; ++i) {
      int64_t at = 0;
      for (int64_t axis = span_.axis - 1, left = i; axis >= 0; --axis) {
        const int a = static_cast<int>(axis);
        at += left % out_.shape[a] * out_.strides[a];
        left /= out_.shape[a];
      }
      run.data = out_.data + at * static_cast<int64_t>(size_of(out_.dtype));
      kernels_.uniform(key, (i * span_.samples + span_.first) * after, run);
    }
  }

  const kernels::Family& kernels_;
  const plan::Plan& plan_;
  const Step& s_;
  std::span<const View* const> operands_;
  const View& out_;
  const Span& span_;
};

}  // namespace

void run_step(const kernels::Family& kernels, const plan::Plan& plan, const plan::Step& step,
              std::span<const View* const> operands, const View& out, const Span& span) {
  StepRun(kernels, plan, step, operands, out, span).run();
}

bool make_view(const plan::Step& step, const View& x, const Dims& start, const Shape& shape,
               View* out) {
  switch (step.op) {
    case Op::transpose: *out = transpose_view(x, step.attributes.axes); return true;
    case Op::broadcast_to: *out = broadcast_view(x, shape); return true;
    case Op::slice: *out = slice_view(x, start, shape, step.attributes.step); return true;
    case Op::reshape: return reshape_view(x, shape, out);
    default: *out = x; return true;
  }
}

}  // namespace lanewise::exec
