#include "exec/interpreter.h"

#include <fmt/format.h>

#include <algorithm>

#include "graph/op.h"
#include "lanewise/error.h"

namespace lanewise::exec {
namespace {

using graph::Op;
using graph::OpClass;
using kernels::Family;
using plan::Plan;
using plan::Step;
using plan::Storage;

template <class Kernel>
Kernel kernel_of(Op op, Op first) {
  return static_cast<Kernel>(static_cast<int>(op) - static_cast<int>(first));
}

// One run of one plan.
class Run {
 public:
  Run(const Plan& plan, const Family& kernels, std::span<const Tensor> inputs,
      std::span<Tensor> outputs, Workspace& workspace)
      : plan_(plan),
        kernels_(kernels),
        inputs_(inputs),
        outputs_(outputs),
        ws_(workspace),
        m_(plan.rows(inputs)) {
    ws_.views.resize(plan.steps.size());
    ws_.slots.resize(plan.slot_count);
    ws_.copies.clear();
    owners_.resize(plan.steps.size());
  }

  void run() {
    for (int i = 0; i < static_cast<int>(plan_.steps.size()); ++i) step(i);
    for (std::size_t k = 0; k < outputs_.size(); ++k) finish(static_cast<int>(k));
  }

 private:
  const View& operand(const Step& s, int k) const { return ws_.views[s.operands[k]]; }

  void step(int i) {
    const Step& s = plan_.steps[i];
    if (s.storage == Storage::bound || s.storage == Storage::constant) {
      const Tensor& t = s.storage == Storage::bound ? inputs_[s.place] : plan_.constants[s.place];
      ws_.views[i] = t;
      owners_[i] = &t.owner;
      return;
    }
    const Shape shape = s.shape.at(m_);
    if (s.is_view && make_view(s, shape, &ws_.views[i])) {
      owners_[i] = owners_[s.operands[0]];
      return;
    }
    ws_.views[i] = memory_for(i, s, shape);
    compute(s, shape, ws_.views[i]);
  }

  bool make_view(const Step& s, const Shape& shape, View* out) const {
    const View& x = operand(s, 0);
    switch (s.op) {
      case Op::transpose: *out = transpose_view(x, s.attributes.axes); return true;
      case Op::broadcast_to: *out = broadcast_view(x, shape); return true;
      case Op::slice: *out = slice_view(x, s.start.at(m_), shape, s.attributes.step); return true;
      case Op::reshape: return reshape_view(x, shape, out);
      default: *out = x; return true;
    }
  }

  // The memory of step i: of the slot, grown where needed, or of an output.
  View memory_for(int i, const Step& s, const Shape& shape) {
    if (s.storage == Storage::output) {
      Tensor& out = s.place >= 0 ? outputs_[s.place] : ws_.copies.emplace_back();
      const bool fits = out && out.dtype == s.dtype && out.shape == shape && out.contiguous();
      if (!fits) out = Tensor::empty(s.dtype, shape);
      owners_[i] = s.place >= 0 ? &out.owner : keep(out.owner);
      return out;
    }
    Tensor& slot = ws_.slots[s.place];
    const int64_t bytes = element_count(shape) * static_cast<int64_t>(size_of(s.dtype));
    if (!slot || slot.size() * static_cast<int64_t>(size_of(slot.dtype)) < bytes)
      slot = Tensor::empty(DType::int8, {bytes});
    owners_[i] = &slot.owner;
    return View{slot.data, s.dtype, shape, row_major_strides(shape)};
  }

  // copies_ may move when it grows; owners of outputs without a place live apart.
  const std::shared_ptr<void>* keep(const std::shared_ptr<void>& owner) {
    kept_.push_back(std::make_unique<std::shared_ptr<void>>(owner));
    return kept_.back().get();
  }

  View broadcast(const Step& s, int k, const Shape& shape) const {
    const View& x = operand(s, k);
    return x.shape == shape ? x : broadcast_view(x, shape);
  }

  void compute(const Step& s, const Shape& shape, const View& out) {
    switch (graph::traits(s.op).kind) {
      case OpClass::unary:
        return kernels_.unary(kernel_of<kernels::Unary>(s.op, Op::negative), operand(s, 0), out);
      case OpClass::binary:
        if (s.op == Op::power && is_integer(out.dtype) && out.size() > 0)
          check_exponents(operand(s, 1));
        return kernels_.binary(kernel_of<kernels::Binary>(s.op, Op::add), broadcast(s, 0, shape),
                               broadcast(s, 1, shape), out);
      case OpClass::where:
        return kernels_.where(broadcast(s, 0, shape), broadcast(s, 1, shape),
                              broadcast(s, 2, shape), out);
      case OpClass::cast:
      case OpClass::view:  // a reshape that must copy
        return cast_into(operand(s, 0), out);
      case OpClass::reduce: return reduce(s, out);
      case OpClass::matmul: return matmul(s, shape, out);
      case OpClass::copy: return copy(s, shape, out);
      default: return source(s, out);
    }
  }

  // Integers have no negative powers, which only the values tell.
  void check_exponents(const View& exponents) const {
    bool reduced[kMaxRank];
    std::fill_n(reduced, kMaxRank, true);
    const Tensor least = Tensor::empty(exponents.dtype, Dims::filled(exponents.rank(), 1));
    kernels_.reduce(kernels::Reduce::min, exponents, reduced, least);
    with_type(least.dtype, [&]<class T>(std::type_identity<T>) {
      if (*least.as<T>() < T{0}) throw ValueError(graph::kNegativePower);
    });
  }

  // Copies in row-major order, also between shapes of equal size.
  void cast_into(const View& x, const View& out) const {
    if (x.shape == out.shape) return kernels_.cast(x, out);
    kernels_.cast(x, View{out.data, out.dtype, x.shape, row_major_strides(x.shape)});
  }

  void reduce(const Step& s, const View& out) const {
    const View& x = operand(s, 0);
    bool reduced[kMaxRank] = {};
    View kept{out.data, out.dtype, x.shape, {}};
    for (int64_t axis : s.attributes.axes) {
      reduced[axis] = true;
      kept.shape[static_cast<int>(axis)] = 1;
    }
    kept.strides = row_major_strides(kept.shape);
    kernels_.reduce(kernel_of<kernels::Reduce>(s.op, Op::sum), x, reduced, kept);
  }

  void matmul(const Step& s, const Shape& shape, const View& out) const {
    auto with_batch = [&](const View& x) {
      Shape full = shape;
      full[shape.rank() - 2] = x.shape[x.rank() - 2];
      full[shape.rank() - 1] = x.shape[x.rank() - 1];
      return x.shape == full ? x : broadcast_view(x, full);
    };
    kernels_.matmul(with_batch(operand(s, 0)), with_batch(operand(s, 1)), out);
  }

  void copy(const Step& s, const Shape& shape, const View& out) {
    const View& x = operand(s, 0);
    switch (s.op) {
      case Op::pad:
        kernels::fill_zero(out);
        return kernels_.cast(x, slice_view(out, s.start.at(m_), x.shape, s.attributes.step));
      case Op::take: return kernels_.take(x, indices(s), s.attributes.axis, out);
      case Op::scatter_add:
        kernels::fill_zero(out);
        return kernels_.scatter_add(x, indices(s), s.attributes.axis, out);
      default: return concatenate(s, shape.rank(), out);
    }
  }

  void concatenate(const Step& s, int rank, const View& out) const {
    Dims start = Dims::filled(rank, 0);
    for (std::size_t k = 0; k < s.operands.size(); ++k) {
      const View& part = operand(s, static_cast<int>(k));
      kernels_.cast(part, slice_view(out, start, part.shape, Dims::filled(rank, 1)));
      start[s.attributes.axis] += part.shape[s.attributes.axis];
    }
  }

  // The indices of a take, checked, negative ones counted from the back.
  View indices(const Step& s) {
    const View& raw = operand(s, 1);
    const View& indexed = s.op == Op::take ? operand(s, 0) : ws_.views[&s - plan_.steps.data()];
    const int64_t extent = indexed.shape[s.attributes.axis];
    Tensor& checked = ws_.copies.emplace_back(Tensor::empty(DType::int64, raw.shape));
    kernels_.cast(raw, checked);
    int64_t* at = checked.as<int64_t>();
    for (int64_t i = 0, n = checked.size(); i < n; ++i) {
      if (at[i] < -extent || at[i] >= extent)
        throw IndexError(fmt::format("take: index {} is out of range for axis {} with extent {}",
                                     at[i], s.attributes.axis, extent));
      if (at[i] < 0) at[i] += extent;
    }
    return checked;
  }

  void source(const Step& s, const View& out) const {
    if (s.op == Op::iota) return kernels_.iota(s.attributes.first, s.attributes.increment, out);
    if (s.op == Op::uniform)
      return kernels_.uniform(static_cast<uint64_t>(*operand(s, 0).as<int64_t>()), 0, out);
    double count = 1;
    for (int64_t axis : s.attributes.axes)
      count *= static_cast<double>(operand(s, 0).shape[static_cast<int>(axis)]);
    with_type(out.dtype, [&](auto type) {
      using T = typename decltype(type)::type;
      *out.as<T>() = static_cast<T>(count);
    });
  }

  // Hands result k over, unless its step wrote it in place.
  void finish(int k) {
    const int i = plan_.outputs[k];
    const Step& s = plan_.steps[i];
    if (s.storage == Storage::output && s.place == k) return;
    const View& v = ws_.views[i];
    Tensor& out = outputs_[k];
    if (out && out.dtype == v.dtype && out.shape == v.shape && out.contiguous())
      return kernels_.cast(v, out);
    static_cast<View&>(out) = v;
    out.owner = *owners_[i];
  }

  const Plan& plan_;
  const Family& kernels_;
  std::span<const Tensor> inputs_;
  std::span<Tensor> outputs_;
  Workspace& ws_;
  int64_t m_;
  std::vector<const std::shared_ptr<void>*> owners_;  // of the memory of each step
  std::vector<std::unique_ptr<std::shared_ptr<void>>> kept_;
};

class InterpretedPlan : public Executable {
 public:
  InterpretedPlan(plan::PlanPtr plan, const Family& kernels)
      : plan_(std::move(plan)), kernels_(kernels) {}
  void run(std::span<const Tensor> inputs, std::span<Tensor> outputs,
           Workspace& workspace) const override {
    plan_->check(inputs);
    Run(*plan_, kernels_, inputs, outputs, workspace).run();
  }

 private:
  plan::PlanPtr plan_;
  const Family& kernels_;
};

}  // namespace

std::unique_ptr<const Executable> Interpreter::compile(plan::PlanPtr plan) const {
  return std::make_unique<InterpretedPlan>(std::move(plan), kernels_);
}

}  // namespace lanewise::exec
