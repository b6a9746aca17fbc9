#include "array/callable.h"
#include "array/stream.h"
#include "lanewise/runtime.h"

namespace lanewise {

struct CompiledFunction::Impl {
  Function f;
  CompileOptions options;
  TracedProgram program;
};

namespace {

std::vector<Tensor> tensors_of(const std::vector<Array>& arguments) {
  eval(arguments);
  std::vector<Tensor> tensors;
  for (const Array& a : arguments) tensors.push_back(a.tensor());
  return tensors;
}

bool any_traced(const std::vector<Array>& arguments) {
  for (const Array& a : arguments)
    if (a.node()->traced) return true;
  return false;
}

}  // namespace

CompiledFunction::CompiledFunction(Function f, CompileOptions options)
    : impl_(new Impl{callable("compile", f), options, TracedProgram(f, options.sample_axis)}) {
  check_chunk_bytes("compile", options.chunk_bytes);
}

std::vector<Array> CompiledFunction::operator()(const std::vector<Array>& arguments) const {
  if (any_traced(arguments)) return impl_->f(arguments);  // part of a larger program
  std::vector<Tensor> outputs;
  impl_->program.run(tensors_of(arguments), outputs);
  std::vector<Array> results;
  for (Tensor& t : outputs) results.push_back(from_tensor(std::move(t)));
  return results;
}

std::vector<Array> CompiledFunction::stream(Source& source, const std::vector<Array>& others,
                                            std::span<Sink* const> sinks) const {
  std::vector<Tensor> outputs;
  run_streamed(impl_->program, impl_->options.sample_axis, source, tensors_of(others), sinks,
               impl_->options.chunk_bytes, outputs);
  std::vector<Array> results;
  for (Tensor& t : outputs)
    if (t) results.push_back(from_tensor(std::move(t)));
  return results;
}

std::vector<StreamedResult> CompiledFunction::streamed_results(
    const Source& source, const std::vector<Array>& others) const {
  return lanewise::streamed_results(impl_->program, impl_->options.sample_axis, source,
                                    tensors_of(others));
}

PlanReport CompiledFunction::report(const std::vector<Array>& arguments, bool run) const {
  const std::vector<Tensor> tensors = tensors_of(arguments);
  if (run) return impl_->program.profile(tensors);
  return impl_->program.prepare(tensors)->executable->report(nullptr);
}
std::string CompiledFunction::dump(const std::vector<Array>& arguments) const {
  return to_text(report(arguments));
}
std::string CompiledFunction::profile(const std::vector<Array>& arguments) const {
  return to_text(report(arguments, true));
}

int64_t CompiledFunction::plan_count() const { return impl_->program.plan_count(); }

}  // namespace lanewise
