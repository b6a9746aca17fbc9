// Running programs: compiled functions, sessions with state, executors, threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lanewise/array.h"
#include "lanewise/plan_report.h"
#include "lanewise/streams.h"

namespace lanewise {

int thread_count();
void set_thread_count(int count);  // Errors: ValueError when count < 1

// The executor that runs plans: "fused" (default: one pass over cache-sized tiles of
// samples), "vectorized" (a whole array at a time) or "loop" (scalar, the oracle).
// LANEWISE_EXECUTOR sets the first one.  Errors: ValueError naming the known ones.
void set_executor(const std::string& name);
std::string executor();
std::vector<std::string> executors();

// Strict shapes: broadcasts that are probably mistakes raise ShapeError.
void set_strict_shapes(bool strict);
bool strict_shapes();

struct CompileOptions {
  // Per argument the axis that runs along the samples; −1 where there is none.
  // Empty: none is known and each set of shapes gets a plan of its own.
  // The function is traced with two large numbers of samples, and once with each number that it
  // meets: one that makes another program of it (a branch on it, an index that is cut off) gets a
  // plan of its own. So the function must depend on nothing but dtypes and shapes: what it reads
  // from elsewhere, or does besides, counts when it is traced.
  std::vector<int> sample_axis;
  // What a stream holds at once of samples read and written, about: at least 512 of them.
  int64_t chunk_bytes = 16 << 20;
};

// A result of a stream, for all its samples: along `sample_axis`, −1 where it isn't along them.
struct StreamedResult {
  Shape shape;
  DType dtype;
  int sample_axis;
};

// A function of arrays, planned once and run many times; const calls are
// reentrant. With a sample axis one plan serves every number of samples.
class CompiledFunction {
 public:
  // Errors: ValueError where f is empty, or for a negative chunk_bytes.
  CompiledFunction(Function f, CompileOptions options = {});
  // Copies share what they run; so a move leaves it usable.
  CompiledFunction(const CompiledFunction&) = default;
  CompiledFunction& operator=(const CompiledFunction&) = default;
  std::vector<Array> operator()(const std::vector<Array>& arguments) const;
  // Runs on samples that come in chunks and are never all in memory, with the bits of the executor
  // "fused", whichever is set: a pass over `source` for each stage of the plan. The arguments along
  // the samples are the arrays of the source, in order; the rest are `others`, in order. Results
  // along the samples go to `sinks`, a chunk at a time, one sink each; returned are the rest, in
  // order. Closes no sink.
  // Errors: ValueError where a step needs all samples at once (a sort, the samples times
  // themselves) or the numbers of arrays differ; DataError for a source without samples or of
  // unknown length, or that ends too early; what source and sinks raise.
  std::vector<Array> stream(Source& source, const std::vector<Array>& others = {},
                            std::span<Sink* const> sinks = {}) const;
  // What stream() would make, in order: those along the samples go to the sinks.
  // Errors: as stream().
  std::vector<StreamedResult> streamed_results(const Source& source,
                                               const std::vector<Array>& others = {}) const;
  // The plan for these arguments. run: after running on them twice, with the time that the second
  // run took, stage by stage, and each instruction's share of it.
  PlanReport report(const std::vector<Array>& arguments, bool run = false) const;
  std::string dump(const std::vector<Array>& arguments) const;     // that as text
  std::string profile(const std::vector<Array>& arguments) const;  // the same, after running
  int64_t plan_count() const;                                      // plans made so far

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};
inline CompiledFunction compile(Function f, CompileOptions options = {}) {
  return CompiledFunction(std::move(f), std::move(options));
}

// A function of samples made ready to answer: planned once for every number of rows, with the
// arrays that it captures (weights) frozen and packed; for one or two rows, matrices of bfloat16
// numbers in half the memory. Calls are const and reentrant from any
// number of threads. They take no lock, and allocate nothing once a call has run beside as many
// others. A row has the same bits alone and among others.
class Predictor {
 public:
  // f takes samples as rows, (m, features), and makes (m, outputs) of the same dtype.
  using Answer = std::function<Array(const Array& x)>;
  // Errors: ValueError for features < 1 or an empty f, DTypeError for a dtype that is no float or
  // changes, ShapeError where f does not make a row a sample, ValueError where it makes another
  // program of 2 rows than of many.
  Predictor(const Answer& f, int64_t features, DType dtype = DType::float32);
  // Copies share what they run; so a move leaves it usable.
  Predictor(const Predictor&) = default;
  Predictor& operator=(const Predictor&) = default;

  int64_t features() const;
  int64_t outputs() const;
  // x: `rows` samples, strides in elements; out: rows × outputs() elements, row-major.
  // Errors: DTypeError where the predictor was made for the other dtype.
  void predict_into(const float* x, int64_t row_stride, int64_t column_stride, int64_t rows,
                    float* out) const;
  void predict_into(const double* x, int64_t row_stride, int64_t column_stride, int64_t rows,
                    double* out) const;
  // x: (m, features).
  Array operator()(const Array& x) const;

 private:
  template <class T>
  void answer(const T* x, int64_t row_stride, int64_t column_stride, int64_t rows, T* out) const;

  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

// The nearest bfloat16 numbers (the range of float32, 8 binary digits; of two that are equally near
// the even one, as IEEE 754) as float32: weights for a Predictor. Computed at once.
// Errors: DTypeError where x is not float32.
Array round_to_bfloat16(const Array& x);

// The rows of each step: runs of `size` entries of `order`; the last may be shorter.
struct Batches {
  std::vector<int64_t> order;  // row numbers; empty: all rows in order
  int64_t size = 0;            // 0: all rows in one batch
};

struct SessionOptions {
  // The axis of `data` that runs along the samples: 0, samples as rows; 1, as columns.
  int sample_axis = 0;
  int64_t chunk_bytes = 16 << 20;  // of a stream, as CompileOptions
  // Numbers too close to 0 for all their digits (float32: below 1.2e-38), with which processors
  // compute many times slower, count as 0 in steps, on every thread (x86; elsewhere they are kept).
  // Outside of sessions operations keep them, as NumPy does.
  bool flush_denormals = true;
};

// A program with state, run many times: state ← step(state, batch, scalars).
// The state is donated: the arrays given to the constructor and those returned
// by steps belong to the session, which may overwrite them; reading a donated
// handle raises ValueError. state() gives readable copies.
class Session {
 public:
  struct Result {
    std::vector<Array> state;    // the new state, in order, of the same shapes and dtypes
    std::vector<Array> metrics;  // scalars; summed over the batches of a run
  };
  // scalars: float64 inputs of rank 0 that change from step to step (learning rate, step number).
  using Step =
      std::function<Result(const std::vector<Array>& state, const std::vector<Array>& batch,
                           const std::vector<Array>& scalars)>;
  using Scalars = std::function<std::vector<double>(int64_t step)>;

  // Errors: ValueError where the step is empty or the sample axis negative.
  Session(Step step, std::vector<Array> state, SessionOptions options = {});
  // Copies share what they run; so a move leaves it usable.
  Session(const Session&) = default;
  Session& operator=(const Session&) = default;
  // One step on each batch of `data` (arrays with equal extents of the sample
  // axis); returns each metric summed over the steps, weighted by the rows of
  // its batch. `keep_going` is asked before each step.
  std::vector<double> run(std::span<const Array> data, const Batches& batches,
                          const Scalars& scalars = {},
                          const std::function<bool()>& keep_going = {});
  // The same, adding to `sums` (empty: from 0) after each step: a run in parts has the bits of one.
  void run(std::span<const Array> data, const Batches& batches, const Scalars& scalars,
           const std::function<bool()>& keep_going, std::vector<double>& sums);
  // One step on all samples of a source, as one batch; the metrics as above.
  std::vector<double> run(Source& source, const Scalars& scalars = {});
  std::vector<Array> state() const;
  int64_t steps() const;  // done so far

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lanewise
