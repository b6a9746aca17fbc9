#include "nn/init.h"

#include <cmath>

#include "base/names.h"
#include "lanewise/ops.h"

namespace lanewise::nn {
namespace {

// Weights are drawn normal or uniform in ±1, then scaled; biases are drawn
// alike or zero.
struct Row {
  Init value;
  std::string_view name;
  bool normal, draws_bias;
  double (*scale)(double inputs, double units);
};

const Row kInits[] = {
    {Init::uniform_fan_in, "uniform_fan_in", false, true,
     [](double n, double) { return 1 / std::sqrt(n); }},
    {Init::normal_001, "normal_001", true, false, [](double, double) { return 0.01; }},
    {Init::xavier, "xavier", true, false,
     [](double n, double units) { return std::sqrt(2 / (n + units)); }},
    {Init::he, "he", true, false, [](double n, double) { return std::sqrt(2 / n); }},
};

Array draw(const Row& row, const Shape& shape, double scale, Generator& generator, DType dtype) {
  const Array values = row.normal ? generator.randn(shape) : 2 * generator.rand(shape) - 1;
  return astype(values * scale, dtype).eval();
}

}  // namespace

std::string_view name(Init init) { return row_of(kInits, init).name; }
Init init_from_name(std::string_view name) { return row_named(kInits, "init", name).value; }

FirstValues first_values(Init init, const Shape& weight, const Shape& bias, int64_t inputs,
                         int64_t units, Generator& generator, DType dtype) {
  const Row& row = row_of(kInits, init);
  const double scale = row.scale(static_cast<double>(inputs), static_cast<double>(units));
  const Array W = draw(row, weight, scale, generator, dtype);
  return {W, row.draws_bias ? draw(row, bias, scale, generator, dtype) : zeros(bias, dtype)};
}

}  // namespace lanewise::nn
