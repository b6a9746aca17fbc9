// Where samples and features lie.
#pragma once

#include "lanewise/layers.h"

namespace lanewise::nn {

inline int sample_axis(Layout layout) { return layout == Layout::rows ? 0 : 1; }
inline int feature_axis(Layout layout) { return layout == Layout::rows ? -1 : 0; }

// Of a number a feature, to meet (m, n) or (n, m).
inline Shape feature_shape(int64_t features, Layout layout) {
  return layout == Layout::rows ? Shape{features} : Shape{features, 1};
}

}  // namespace lanewise::nn
