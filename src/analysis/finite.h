// Values that are NaN or infinite: where they are, and what an error calls them.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "lanewise/ops.h"
#include "lanewise/streams.h"

namespace lanewise {

inline Array in_float(const Array& x) {
  return is_float(x.dtype()) ? x : astype(x, DType::float64);
}
inline Array finite(const Array& x) { return abs(x) < std::numeric_limits<double>::infinity(); }

struct NotFinite {
  Array counts;  // of each feature, int64
  Array first;   // number of the first such sample, where there is one
};
// One pass over the source.
NotFinite find_not_finite(Source& source);

// Of `per_feature`, an array with a value for each.
std::string feature_name(const Array& per_feature, int64_t number);

}  // namespace lanewise
