#include "exec/run.h"

#include "exec/step_kernels.h"

namespace lanewise::exec {

using plan::Step;
using plan::Storage;

Run::Run(const plan::Plan& plan, std::span<const int> places, int slot_count,
         const kernels::Family& kernels, std::span<const Tensor> inputs, std::span<Tensor> outputs,
         Workspace& workspace)
    : plan_(plan),
      places_(places),
      kernels_(kernels),
      inputs_(inputs),
      outputs_(outputs),
      ws_(workspace),
      m_(plan.rows(inputs)),
      laid_out_(workspace.program == places.data() && workspace.m == m_) {
  ws_.program = nullptr;
  if (!laid_out_) ws_.views.assign(plan.steps.size(), {});
  ws_.owners.resize(plan.steps.size());
  ws_.slots.resize(std::max<std::size_t>(ws_.slots.size(), static_cast<std::size_t>(slot_count)));
  ws_.results.clear();
}

void Run::step(int i) {
  const Step& s = plan_.steps[i];
  if (laid_out_ && s.storage == Storage::constant) return;
  if (s.storage == Storage::bound || s.storage == Storage::constant) {
    const Tensor& t = s.storage == Storage::bound ? inputs_[s.place] : plan_.constants[s.place];
    ws_.views[i] = t;
    ws_.owners[i] = &t.owner;
    return;
  }
  if (s.is_view &&
      make_view(s, ws_.views[s.operands[0]], s.start.at(m_), s.shape.at(m_), &ws_.views[i])) {
    ws_.owners[i] = ws_.owners[s.operands[0]];
    return;
  }
  Operands operands(s, [&](int operand) { return &ws_.views[operand]; });
  run_step(kernels_, plan_, s, operands.list(), allocate(i), {m_, 0, -1, 0});
}

const View& Run::allocate(int i) {
  const Step& s = plan_.steps[i];
  View& v = ws_.views[i];
  if (!laid_out_ || !v.data || s.is_view) {
    v = memory_for(i, s.shape.at(m_));
  } else if (s.storage == Storage::slot) {
    v.data = ws_.slots[places_[i]].data;
  } else {
    v.data = memory_for_output(i, v.shape).data;
  }
  return v;
}

// The memory of the slot, grown where needed, or of an output.
View Run::memory_for(int i, const Shape& shape) {
  const Step& s = plan_.steps[i];
  if (s.storage == Storage::output) return memory_for_output(i, shape);
  Tensor& slot = ws_.slots[places_[i]];
  const int64_t bytes = element_count(shape) * static_cast<int64_t>(size_of(s.dtype));
  if (!slot || slot.size() < bytes) slot = Tensor::empty(DType::int8, {bytes});
  ws_.owners[i] = &slot.owner;
  return View{slot.data, s.dtype, shape, row_major_strides(shape)};
}

const Tensor& Run::memory_for_output(int i, const Shape& shape) {
  const Step& s = plan_.steps[i];
  Tensor& out = s.place >= 0 ? outputs_[s.place] : ws_.results.emplace_back();
  const bool fits = out && out.dtype == s.dtype && out.shape == shape && out.contiguous();
  if (!fits) out = Tensor::empty(s.dtype, shape);
  ws_.owners[i] = &out.owner;
  return out;
}

void Run::finish() {
  for (std::size_t k = 0; k < outputs_.size(); ++k) finish(static_cast<int>(k));
  ws_.program = places_.data();
  ws_.m = m_;
}

// Result k, unless its step wrote it in place.
void Run::finish(int k) {
  const int i = plan_.outputs[k];
  const Step& s = plan_.steps[i];
  if (s.storage == Storage::output && s.place == k) return;
  const View& v = ws_.views[i];
  Tensor& out = outputs_[k];
  if (out && out.dtype == v.dtype && out.shape == v.shape && out.contiguous())
    return kernels_.cast(v, out);
  static_cast<View&>(out) = v;
  out.owner = *ws_.owners[i];
}

}  // namespace lanewise::exec
