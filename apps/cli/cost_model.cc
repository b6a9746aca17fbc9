#include "cli/cost_model.h"

#include <fmt/format.h>

#include <charconv>

#include "lanewise/error.h"

namespace lanewise::cli {
namespace {

// An integer that refuses to overflow.
struct Checked {
  int64_t value;
  [[noreturn]] static void too_large() {
    throw ValueError("the counts of this network exceed 2^63");
  }
  friend Checked operator*(Checked a, Checked b) {
    if (__builtin_mul_overflow(a.value, b.value, &a.value)) too_large();
    return a;
  }
  friend Checked operator+(Checked a, Checked b) {
    if (__builtin_add_overflow(a.value, b.value, &a.value)) too_large();
    return a;
  }
};

LayerCost layer_cost(Checked inputs, Checked outputs, Checked samples, Checked bytes, bool first) {
  LayerCost cost;
  cost.inputs = inputs.value, cost.outputs = outputs.value;
  const Checked product = samples * inputs * outputs;
  const Checked parameters = inputs * outputs + outputs;
  cost.parameters = parameters.value;
  cost.forward = product.value;
  cost.backward = (product * Checked{first ? 1 : 2}).value;
  cost.activation_bytes = (samples * outputs * bytes).value;
  cost.parameter_bytes = (parameters * bytes).value;
  return cost;
}

void add(Cost& total, const Cost& layer) {
  for (auto count : {&Cost::parameters, &Cost::forward, &Cost::backward, &Cost::activation_bytes,
                     &Cost::parameter_bytes})
    total.*count = (Checked{total.*count} + Checked{layer.*count}).value;
}

// All that is printed derives from these: 2 FLOPs a multiply-add, Z beside A.
void check_derived(const Cost& total) {
  (void)(Checked{2} * (Checked{total.forward} + Checked{total.backward}));
  (void)(Checked{2} * Checked{total.activation_bytes});
}

}  // namespace

std::vector<int64_t> parse_widths(std::string_view text) {
  std::vector<int64_t> widths;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;;) {
    int64_t width = 0;
    const auto [next, error] = std::from_chars(at, end, width);
    if (error != std::errc() || width < 1) break;
    widths.push_back(width);
    if (next == end && widths.size() >= 2) return widths;
    if (next == end || *next != '-') break;
    at = next + 1;
  }
  throw ValueError(fmt::format(
      "'{}' isn't a network; write widths of 1 or more joined by '-', as 100-64-32-1", text));
}

NetworkCost network_cost(const std::vector<int64_t>& widths, int64_t samples, DType dtype) {
  if (samples < 1) throw ValueError(fmt::format("samples must be 1 or more, not {}", samples));
  NetworkCost cost;
  cost.widths = widths;
  const Checked bytes{static_cast<int64_t>(size_of(dtype))};
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    cost.layers.push_back(layer_cost({widths[i]}, {widths[i + 1]}, {samples}, bytes, i == 0));
    add(cost.total, cost.layers.back());
  }
  check_derived(cost.total);
  cost.input_bytes = (Checked{samples} * Checked{widths[0]} * bytes).value;
  return cost;
}

}  // namespace lanewise::cli
