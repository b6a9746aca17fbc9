// The two kinds of workloads: a function evaluated, a network trained.
#pragma once

#include <utility>

#include "lanewise/lanewise.h"
#include "workloads/workload.h"

namespace lanewise::bench {

// A compiled function of arrays with one result, which is new in every run.
class Evaluation : public Workload {
 public:
  Evaluation(Function f, std::vector<Array> arguments, std::vector<int> sample_axis, double flops)
      : f_(std::move(f), {std::move(sample_axis)}),
        arguments_(std::move(arguments)),
        flops_(flops) {}

  double flops() const override { return flops_; }
  double bytes() const override;
  void run() override;
  double value() const override;  // the mean of the absolute results

 private:
  CompiledFunction f_;
  std::vector<Array> arguments_;
  double flops_;
  Array result_;
};

using Cost =
    std::function<Array(std::span<const Array> parameters, const Array& X, const Array& Y)>;

// A run is full-batch epochs: forward, cost, backward, W ← W − 0.5 dW.
class Training : public Workload {
 public:
  Training(Cost cost, std::vector<Array> parameters, Array X, Array Y, int sample_axis,
           double flops, int epochs = 1);

  double flops() const override { return flops_ * epochs_; }
  double bytes() const override;
  void run() override;
  double value() const override { return loss_; }  // before the last update

 private:
  std::vector<Array> data_;  // X, Y
  int64_t m_;
  Session session_;
  double flops_, loss_ = 0;  // of an epoch
  int epochs_;
};

}  // namespace lanewise::bench
