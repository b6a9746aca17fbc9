#include "array/stream.h"

#include <fmt/format.h>

#include "lanewise/error.h"

namespace lanewise {
namespace {

// The samples of a source as a streamed plan takes them.
class SourceFeed : public exec::SampleFeed {
 public:
  // used: for each input along the samples, which array of the source it is.
  SourceFeed(Source& source, std::vector<int> used, std::vector<Sink*> sinks)
      : source_(source),
        used_(std::move(used)),
        sinks_(std::move(sinks)),
        rows_(source.row_shapes()),
        dtypes_(source.dtypes()),
        axis_(source.sample_axis()) {}

  void rewind() override {
    source_.reset();
    done_ = 0;
  }
  std::vector<Tensor> pull(int64_t count) override {
    const std::vector<Array> arrays = source_.pull(count);
    if (arrays.size() != rows_.size())
      throw DataError(
          fmt::format("the source gave {} arrays, it promised {}: pull() has to give "
                      "one for each of row_shapes()",
                      arrays.size(), rows_.size()));
    for (std::size_t k = 0; k < arrays.size(); ++k) check(k, arrays[k], count);
    eval(arrays);
    std::vector<Tensor> tensors;
    for (int k : used_) tensors.push_back(arrays[static_cast<std::size_t>(k)].tensor());
    done_ += count;
    return tensors;
  }
  void push(int k, Tensor samples) override {
    const Array array = from_tensor(std::move(samples));
    sinks_[static_cast<std::size_t>(k)]->push({&array, 1});
  }

 private:
  void check(std::size_t k, const Array& samples, int64_t count) const {
    Shape row = samples.shape();
    const bool has_axis = axis_ < row.rank();
    const int64_t given = has_axis ? row[axis_] : 0;
    if (has_axis) row.erase(axis_);
    if (!has_axis || row != rows_[k] || samples.dtype() != dtypes_[k])
      throw DataError(fmt::format(
          "array {} of the source came as {} {}, it promised samples that are {} {} along axis {}; "
          "correct pull(), or row_shapes() and dtypes()",
          k, name(samples.dtype()), to_string(samples.shape()), name(dtypes_[k]),
          to_string(rows_[k]), axis_));
    if (given > count)
      throw DataError(fmt::format(
          "the source gave {} samples, {} were asked for: pull() may give no more", given, count));
    if (given < count)
      throw DataError(fmt::format("the source ended after {} samples, it said it had {}",
                                  done_ + given, source_.length().value_or(0)));
  }

  Source& source_;
  const std::vector<int> used_;
  const std::vector<Sink*> sinks_;  // of each result
  const std::vector<Shape> rows_;   // what the source promises
  const std::vector<DType> dtypes_;
  const int axis_;
  int64_t done_ = 0;
};

int64_t length_of(const Source& source) {
  const std::optional<int64_t> length = source.length();
  if (!length) throw DataError("the number of samples must be known before they are read");
  if (*length < 0)
    throw DataError(
        fmt::format("the source says that it holds {} samples; length() has to give 0 "
                    "or more, or nothing where it isn't known",
                    *length));
  if (*length == 0) throw DataError("the source holds no samples");
  return *length;
}

// An argument that is never in memory.
Tensor promise(DType dtype, const Shape& row, int axis, int64_t samples) {
  Tensor t;
  t.dtype = dtype;
  t.shape = row;
  t.shape.insert(axis, samples);
  t.strides = row_major_strides(t.shape);
  return t;
}

std::vector<Tensor> arguments_of(std::span<const int> axes, const Source& source,
                                 std::span<const Tensor> others) {
  const std::vector<Shape> rows = source.row_shapes();
  const std::vector<DType> dtypes = source.dtypes();
  const int64_t samples = length_of(source);
  if (rows.size() != dtypes.size())
    throw DataError(
        fmt::format("the source has {} row_shapes() and {} dtypes(); it has to give one "
                    "of each for each array",
                    rows.size(), dtypes.size()));
  for (const Shape& row : rows)
    if (source.sample_axis() < 0 || source.sample_axis() > row.rank())
      throw DataError(fmt::format(
          "the source has its samples along axis {}, which arrays of samples of shape {} have not",
          source.sample_axis(), to_string(row)));
  if (axes.empty())
    throw ValueError(
        "the function was compiled without a sample axis: name one for its arguments "
        "(CompileOptions::sample_axis)");
  std::vector<Tensor> arguments;
  std::size_t streamed = 0, other = 0;
  for (int axis : axes) {
    if (axis < 0 ? other == others.size() : streamed == rows.size()) break;
    if (axis < 0) {
      arguments.push_back(others[other++]);
      continue;
    }
    if (axis != source.sample_axis())
      throw ValueError(fmt::format(
          "the source has its samples along axis {}, the function expects them along axis {}",
          source.sample_axis(), axis));
    arguments.push_back(promise(dtypes[streamed], rows[streamed], axis, samples));
    ++streamed;
  }
  if (arguments.size() != axes.size() || streamed != rows.size() || other != others.size())
    throw ValueError(
        fmt::format("the function takes {} arguments; the source has {} arrays, and {} others were "
                    "given",
                    axes.size(), rows.size(), others.size()));
  return arguments;
}

std::vector<Sink*> sinks_by_result(const exec::StreamedPlan& plan, std::size_t results,
                                   std::span<Sink* const> sinks) {
  std::vector<Sink*> all(results);
  std::size_t used = 0;
  for (std::size_t k = 0; k < results; ++k) {
    if (!plan.streams_output(static_cast<int>(k))) continue;
    if (used < sinks.size()) all[k] = sinks[used];
    ++used;
  }
  if (used != sinks.size())
    throw ValueError(
        fmt::format("{} results lie along the samples, {} sinks were given", used, sinks.size()));
  return all;
}

}  // namespace

void check_chunk_bytes(std::string_view operation, int64_t chunk_bytes) {
  if (chunk_bytes < 0)
    throw ValueError(
        fmt::format("{}: chunk_bytes is {}, expected 0 or more", operation, chunk_bytes));
}

void run_streamed(const TracedProgram& program, std::span<const int> axes, Source& source,
                  std::span<const Tensor> others, std::span<Sink* const> sinks, int64_t chunk_bytes,
                  std::vector<Tensor>& outputs) {
  const std::vector<Tensor> arguments = arguments_of(axes, source, others);
  const exec::StreamedPlan& plan = program.prepare_streamed(arguments);
  outputs.resize(plan.plan().outputs.size());
  std::vector<int> used;
  for (int k = 0, array = 0; k < static_cast<int>(axes.size()); ++k) {
    if (axes[static_cast<std::size_t>(k)] < 0) continue;
    if (plan.streams_input(k)) used.push_back(array);
    ++array;
  }
  SourceFeed feed(source, std::move(used), sinks_by_result(plan, outputs.size(), sinks));
  plan.run(arguments, feed, chunk_bytes, outputs);
}

std::vector<StreamedResult> streamed_results(const TracedProgram& program,
                                             std::span<const int> axes, const Source& source,
                                             std::span<const Tensor> others) {
  const std::vector<Tensor> arguments = arguments_of(axes, source, others);
  const exec::StreamedPlan& streamed = program.prepare_streamed(arguments);
  const plan::Plan& plan = streamed.plan();
  const int64_t m = plan.rows(arguments);
  std::vector<StreamedResult> results;
  for (int k = 0; k < static_cast<int>(plan.outputs.size()); ++k) {
    const plan::Step& step = plan.steps[plan.outputs[k]];
    results.push_back({step.shape.at(m), step.dtype, streamed.output_axis(k)});
  }
  return results;
}

}  // namespace lanewise
