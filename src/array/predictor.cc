#include <fmt/format.h>

#include "array/callable.h"
#include "array/traced_program.h"
#include "base/bfloat16.h"
#include "lanewise/ops.h"
#include "lanewise/runtime.h"

namespace lanewise {

namespace {

Tensor borrowed(const void* data, DType dtype, Shape shape, Strides strides) {
  Tensor t;
  static_cast<View&>(t) = {static_cast<std::byte*>(const_cast<void*>(data)), dtype, shape, strides};
  return t;
}

}  // namespace

struct Predictor::Impl {
  // Of each call with one row, or with others.
  struct Planned {
    TracedProgram program;
    std::shared_ptr<const TracedProgram::Prepared> prepared;

    Planned(const Answer& f, plan::Batch batch, const Tensor& rows)
        : program([f = callable("Predictor", f)](
                      const std::vector<Array>& a) { return std::vector<Array>{f(a[0])}; },
                  {0}, batch),
          prepared(program.prepare({&rows, 1})) {}
    void run(const Tensor& x, Tensor out) const { program.run(*prepared, {&x, 1}, {&out, 1}); }
    const plan::Step& result() const {
      return prepared->plan->steps[static_cast<std::size_t>(prepared->plan->outputs[0])];
    }
  };

  int64_t features, outputs = 0;
  DType dtype;
  Planned one, any;

  Impl(const Answer& f, int64_t feature_count, DType type)
      : features(feature_count),
        dtype(type),
        one(f, plan::Batch::one, samples(1)),
        any(f, plan::Batch::any, samples(2)) {
    check_result();
  }

  Tensor samples(int64_t rows) const {
    if (features < 1)
      throw ValueError(fmt::format("Predictor: {} features, expected 1 or more", features));
    if (!is_float(dtype))
      throw DTypeError(
          fmt::format("Predictor: samples are {}, expected float32 or float64", name(dtype)));
    return Tensor::empty(dtype, {rows, features});
  }

  void check_result() {
    const plan::Step& result = one.result();
    const Shape row = result.shape.at(1), two = any.result().shape.at(2);
    if (row.rank() != 2 || two.rank() != 2 || row[0] != 1 || two[0] != 2 || row[1] != two[1])
      throw ShapeError(fmt::format("Predictor: the function makes {} of one sample, expected (1, "
                                   "outputs): a row a sample, whatever their number",
                                   to_string(row)),
                       {"Predictor", {row}, -1, 0, 0, "return an array of shape (m, outputs)"});
    if (any.prepared->plan->m_input < 0)
      throw ValueError(
          "Predictor: the function makes another program of 2 rows than of many (a branch on their "
          "number, an index that few rows cut off); make a row's answer of that row alone");
    if (result.dtype != dtype)
      throw DTypeError(fmt::format("Predictor: the function makes {} of {}; use astype",
                                   name(result.dtype), name(dtype)));
    outputs = row[1];
  }

  void run(const Tensor& x, Tensor out) const {
    (x.shape[0] == 1 ? one : any).run(x, std::move(out));
  }
};

Predictor::Predictor(const Answer& f, int64_t features, DType dtype)
    : impl_(new Impl(f, features, dtype)) {}

int64_t Predictor::features() const { return impl_->features; }
int64_t Predictor::outputs() const { return impl_->outputs; }

template <class T>
void Predictor::answer(const T* x, int64_t row_stride, int64_t column_stride, int64_t rows,
                       T* out) const {
  if (dtype_of<T> != impl_->dtype)
    throw DTypeError(fmt::format("predict_into: the samples are {}, the predictor was made for {}",
                                 name(dtype_of<T>), name(impl_->dtype)));
  if (rows == 0) return;
  if (rows < 0) throw ValueError(fmt::format("predict_into: {} rows, expected 0 or more", rows));
  impl_->run(borrowed(x, impl_->dtype, {rows, features()}, {row_stride, column_stride}),
             borrowed(out, impl_->dtype, {rows, outputs()}, {outputs(), 1}));
}
void Predictor::predict_into(const float* x, int64_t row_stride, int64_t column_stride,
                             int64_t rows, float* out) const {
  answer(x, row_stride, column_stride, rows, out);
}
void Predictor::predict_into(const double* x, int64_t row_stride, int64_t column_stride,
                             int64_t rows, double* out) const {
  answer(x, row_stride, column_stride, rows, out);
}

Array Predictor::operator()(const Array& x) const {
  if (x.rank() != 2 || x.shape(1) != features())
    throw ShapeError(fmt::format("Predictor: samples of shape {}, expected (m, {})",
                                 to_string(x.shape()), features()),
                     {"Predictor",
                      {x.shape()},
                      1,
                      features(),
                      x.rank() == 2 ? x.shape(1) : 0,
                      "pass a row a sample, a column a feature"});
  const Array samples = astype(x, impl_->dtype);
  samples.eval();
  Tensor out = Tensor::empty(impl_->dtype, {x.shape(0), outputs()});
  impl_->run(samples.tensor(), out);
  return from_tensor(std::move(out));
}

Array round_to_bfloat16(const Array& x) {
  if (x.dtype() != DType::float32)
    throw DTypeError(fmt::format("round_to_bfloat16: x is {}, expected float32", name(x.dtype())));
  std::vector<float> values = x.to_vector<float>();
  for (float& value : values) value = from_bfloat16(nearest_bfloat16(value));
  return array(values, x.shape());
}

}  // namespace lanewise
