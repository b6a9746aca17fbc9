#include "analysis/finite.h"

#include <fmt/format.h>

#include "lanewise/runtime.h"

namespace lanewise {

NotFinite find_not_finite(Source& source) {
  const int axis = source.sample_axis();
  const auto program = compile(
      [axis](const std::vector<Array>& a) {
        const Array wrong = logical_not(finite(in_float(a[0])));
        return std::vector<Array>{sum(wrong, axis), argmax(wrong, axis)};
      },
      {{axis}});
  const std::vector<Array> found = program.stream(source);
  return {found[0], found[1]};
}

std::string feature_name(const Array& per_feature, int64_t number) {
  return per_feature.size() == 1 ? "the feature" : fmt::format("feature {}", number);
}

}  // namespace lanewise
