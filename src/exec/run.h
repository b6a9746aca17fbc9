// One run of one plan: where the values of its steps lie, and steps on whole arrays.
#pragma once

#include <span>

#include "exec/backend.h"
#include "kernels/kernels.h"

namespace lanewise::exec {

class Run {
 public:
  // `places`: of each step, its slot or output, see plan::Storage.
  Run(const plan::Plan& plan, std::span<const int> places, int slot_count,
      const kernels::Family& kernels, std::span<const Tensor> inputs, std::span<Tensor> outputs,
      Workspace& workspace);

  int64_t m() const { return m_; }
  const plan::Plan& plan() const { return plan_; }
  const kernels::Family& kernels() const { return kernels_; }
  bool is_measured() const { return ws_.measured; }

  // Computes step i on whole arrays; its operands have views.
  void step(int i);
  // Gives step i memory for all of its value, row-major.
  const View& allocate(int i);
  // Lets the value of step i lie in memory of the caller.
  void place(int i, const View& view) { ws_.views[i] = view; }
  // The value of a step that has been computed or allocated.
  const View& view(int i) const { return ws_.views[i]; }
  // Hands the results over; or result k.
  void finish();
  void finish(int k);

 private:
  View memory_for(int i, const Shape& shape);
  const Tensor& memory_for_output(int i, const Shape& shape);

  const plan::Plan& plan_;
  const std::span<const int> places_;
  const kernels::Family& kernels_;
  const std::span<const Tensor> inputs_;
  const std::span<Tensor> outputs_;
  Workspace& ws_;
  const int64_t m_;
  const bool laid_out_;  // by an earlier run of this program with this m
};

}  // namespace lanewise::exec
