#include <fmt/format.h>

#include <utility>

#include "array/callable.h"
#include "array/eval.h"
#include "array/stream.h"
#include "array/tensors.h"
#include "base/floating_point_mode.h"
#include "kernels/kernels.h"
#include "lanewise/runtime.h"

namespace lanewise {

// A step writes new state over the old where the program updates it last, element by element. Else
// state is held twice: a step reads one copy and writes the other, then they change places. A step
// that fails leaves the state as it was.
struct Session::Impl {
  SessionOptions options;
  std::size_t state_count, batch_count = 0;
  std::vector<Tensor> arguments;  // the state, then what a step takes beside it
  std::vector<Tensor> outputs;    // memory of the next state, then metrics
  std::vector<Tensor> scalars;    // of the step before
  std::unique_ptr<TracedProgram> program;
  Step step;
  int64_t steps = 0;

  void trace_for(std::size_t data_count, std::size_t scalar_count) {
    batch_count = data_count;
    std::vector<int> axes(state_count, -1);
    axes.insert(axes.end(), data_count, options.sample_axis);
    axes.insert(axes.end(), scalar_count, -1);
    program = std::make_unique<TracedProgram>(
        [this](const std::vector<Array>& all) { return call(all); }, std::move(axes));
  }

  std::vector<Array> call(const std::vector<Array>& all) {
    const auto state_end = all.begin() + static_cast<std::ptrdiff_t>(state_count);
    const auto batch_end = state_end + static_cast<std::ptrdiff_t>(batch_count);
    Result result = step({all.begin(), state_end}, {state_end, batch_end}, {batch_end, all.end()});
    check(result);
    std::vector<Array> outputs = std::move(result.state);
    outputs.insert(outputs.end(), result.metrics.begin(), result.metrics.end());
    return outputs;
  }

  // Appends them to the arguments, in the memory of those before unless a result lies there.
  void add_scalars(const std::vector<double>& values) {
    scalars.resize(values.size());
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (scalars[k].owner.use_count() == 1) *scalars[k].as<double>() = values[k];
      else scalars[k] = Tensor::scalar(DType::float64, values[k]);
      arguments.push_back(scalars[k]);
    }
  }

  void hold_state_twice() {
    for (std::size_t i = 0; i < state_count; ++i)
      if (outputs[i].data == arguments[i].data)
        outputs[i] = Tensor::empty(arguments[i].dtype, arguments[i].shape);
  }

  void end_step() {
    for (std::size_t i = 0; i < state_count; ++i) std::swap(arguments[i], outputs[i]);
    ++steps;
  }

  // Adds each metric, weighed by `rows`.
  void add_metrics(std::vector<double>& sums, int64_t rows) const {
    sums.resize(outputs.size() - state_count);
    for (std::size_t k = 0; k < sums.size(); ++k) {
      const Tensor& metric = outputs[state_count + k];
      sums[k] += static_cast<double>(rows) * with_type(metric.dtype, [&](auto type) {
                   return static_cast<double>(*metric.as<typename decltype(type)::type>());
                 });
    }
  }

  void check(const Result& result) const {
    if (result.state.size() != state_count)
      throw ValueError(fmt::format("Session: the step returned {} arrays of state, expected {}",
                                   result.state.size(), state_count));
    for (std::size_t i = 0; i < state_count; ++i) {
      const Array& a = result.state[i];
      const Tensor& before = arguments[i];
      if (!(a.shape() == before.shape))
        throw ShapeError(
            fmt::format("Session: state {} has shape {} after the step, {} before", i,
                        to_string(a.shape()), to_string(before.shape)),
            {"Session", {a.shape(), before.shape}, -1, 0, 0, "state keeps its shapes"});
      if (a.dtype() != before.dtype)
        throw DTypeError(
            fmt::format("Session: state {} is {} after the step, {} before; use astype", i,
                        name(a.dtype()), name(before.dtype)));
    }
    for (const Array& metric : result.metrics)
      if (metric.size() != 1)
        throw ShapeError(fmt::format("Session: a metric has shape {}, expected one element",
                                     to_string(metric.shape())),
                         {"Session", {metric.shape()}, -1, 0, 0, "reduce it with sum or mean"});
  }
};

Session::Session(Step step, std::vector<Array> state, SessionOptions options)
    : impl_(new Impl{options, state.size(), 0, {}, {}, {}, nullptr, callable("Session", step), 0}) {
  if (options.sample_axis < 0)
    throw ValueError(
        fmt::format("Session: the sample axis is {}, expected 0 or more", options.sample_axis));
  check_chunk_bytes("Session", options.chunk_bytes);
  eval(state);
  for (const Array& a : state) {
    impl_->arguments.push_back(cast_copy(a.tensor(), a.dtype()));
    impl_->outputs.push_back(Tensor::empty(a.dtype(), a.shape()));
  }
  for (const Array& a : state) a.node()->donated = true;
}

namespace {

int64_t rows_of(std::span<const Tensor> data, int axis) {
  if (data.empty()) return 0;
  for (const Tensor& t : data)
    if (t.rank() <= axis || t.shape[axis] != data[0].shape[axis])
      throw ShapeError(
          fmt::format("Session: the data arrays have shapes {} and {}, which differ along "
                      "the samples (axis {})",
                      to_string(data[0].shape), to_string(t.shape), axis),
          {"Session", {data[0].shape, t.shape}, axis, 0, 0, "every array needs a row a sample"});
  return data[0].shape[axis];
}

// One batch of one array: a window where rows are in order, else gathered.
class Gather {
 public:
  Gather(const Tensor& data, int axis) : data_(data), axis_(axis) {}
  Tensor rows(const std::vector<int64_t>& order, int64_t first, int64_t count) {
    Shape shape = data_.shape;
    shape[axis_] = count;
    if (order.empty()) {
      Dims start = Dims::filled(shape.rank(), 0);
      start[axis_] = first;
      Tensor window = data_;
      static_cast<View&>(window) = slice_view(data_, start, shape, Dims::filled(shape.rank(), 1));
      return window;
    }
    if (!buffer_ || !(buffer_.shape == shape)) buffer_ = Tensor::empty(data_.dtype, shape);
    const View indices{reinterpret_cast<std::byte*>(const_cast<int64_t*>(order.data() + first)),
                       DType::int64,
                       {count},
                       {1}};
    kernels::fast_family().take(data_, indices, axis_, buffer_);
    return buffer_;
  }

 private:
  Tensor data_, buffer_;
  int axis_;
};

void check_order(const std::vector<int64_t>& order, int64_t rows) {
  for (int64_t row : order)
    if (row < 0 || row >= rows)
      throw IndexError(fmt::format("Session: row {} is out of range for {} rows", row, rows));
}

}  // namespace

std::vector<double> Session::run(std::span<const Array> data, const Batches& batches,
                                 const Scalars& scalars, const std::function<bool()>& keep_going) {
  std::vector<double> sums;
  run(data, batches, scalars, keep_going, sums);
  return sums;
}

void Session::run(std::span<const Array> data, const Batches& batches, const Scalars& scalars,
                  const std::function<bool()>& keep_going, std::vector<double>& sums) {
  Impl& s = *impl_;
  eval(data);
  std::vector<Tensor> tensors;
  for (const Array& a : data) tensors.push_back(a.tensor());
  const int64_t rows = rows_of(tensors, s.options.sample_axis);
  check_order(batches.order, rows);
  const int64_t total = batches.order.empty() ? rows : static_cast<int64_t>(batches.order.size());
  const int64_t size = batches.size > 0 ? batches.size : std::max<int64_t>(total, 1);
  std::vector<Gather> gathers;
  for (const Tensor& t : tensors) gathers.emplace_back(t, s.options.sample_axis);

  for (int64_t first = 0; first < total && (!keep_going || keep_going()); first += size) {
    const int64_t count = std::min(size, total - first);
    const std::vector<double> values = scalars ? scalars(s.steps + 1) : std::vector<double>{};
    if (!s.program || s.batch_count != data.size()) s.trace_for(data.size(), values.size());
    s.arguments.resize(s.state_count);
    for (Gather& gather : gathers) s.arguments.push_back(gather.rows(batches.order, first, count));
    s.add_scalars(values);
    {
      const DenormalsFlushed mode(s.options.flush_denormals);
      s.program->run_over(s.arguments, s.state_count, s.outputs);
    }
    s.end_step();
    s.add_metrics(sums, count);
  }
  s.arguments.resize(s.state_count);  // the data are the caller's
}

std::vector<double> Session::run(Source& source, const Scalars& scalars) {
  Impl& s = *impl_;
  const std::vector<double> values = scalars ? scalars(s.steps + 1) : std::vector<double>{};
  const std::size_t arrays = source.row_shapes().size();
  if (!s.program || s.batch_count != arrays) s.trace_for(arrays, values.size());
  std::vector<int> axes(s.state_count, -1);
  axes.insert(axes.end(), arrays, s.options.sample_axis);
  axes.insert(axes.end(), values.size(), -1);
  s.arguments.resize(s.state_count);
  s.add_scalars(values);
  s.hold_state_twice();
  const DenormalsFlushed mode(s.options.flush_denormals);
  run_streamed(*s.program, axes, source, s.arguments, {}, s.options.chunk_bytes, s.outputs);
  s.end_step();
  std::vector<double> metrics;
  s.add_metrics(metrics, *source.length());
  return metrics;
}

std::vector<Array> Session::state() const {
  std::vector<Array> copies;
  for (std::size_t i = 0; i < impl_->state_count; ++i)
    copies.push_back(from_tensor(cast_copy(impl_->arguments[i], impl_->arguments[i].dtype)));
  return copies;
}

int64_t Session::steps() const { return impl_->steps; }

}  // namespace lanewise
