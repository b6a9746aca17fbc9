// Classes that are rare: weights that make them count, and logits shifted by
// how common they are.
#include <cmath>

#include "base/names.h"
#include "lanewise/losses.h"
#include "lanewise/ops.h"
#include "nn/layout.h"

namespace lanewise::nn {

std::vector<double> class_shares(std::span<const int32_t> labels, int classes) {
  if (labels.empty()) throw ValueError("class_shares: there are no labels");
  std::vector<double> shares(static_cast<std::size_t>(std::max(classes, 0)));
  for (int32_t label : labels) {
    if (label < 0 || label >= classes)
      throw ValueError(
          fmt::format("class_shares: label {} of {} classes; they count from 0", label, classes));
    shares[static_cast<std::size_t>(label)] += 1;
  }
  for (double& share : shares) share /= static_cast<double>(labels.size());
  return shares;
}

std::vector<double> balanced_weights(std::span<const double> shares) {
  std::vector<double> weights;
  for (double share : shares)
    weights.push_back(share > 0 ? 1 / (static_cast<double>(shares.size()) * share) : 0);
  return weights;
}

Array weights_of_classes(const Array& classes, std::span<const double> class_weights) {
  const Array table = array(class_weights, {static_cast<int64_t>(class_weights.size())});
  return take(astype(table, DType::float32), classes, 0);
}

Array adjust_logits(const Array& logits, std::span<const double> shares, double strength,
                    Layout layout) {
  std::vector<double> shift;
  for (double share : shares) {
    if (!(share > 0 && std::isfinite(share)))
      throw ValueError(
          fmt::format("adjust_logits: a class has the share {}, expected > 0; leave "
                      "classes out that do not occur",
                      share));
    shift.push_back(strength * std::log(share));
  }
  const int64_t outputs = logits.shape(feature_axis(layout));
  if (outputs == 1 && shift.size() == 2) shift = {shift[1] - shift[0]};
  const auto classes = static_cast<int64_t>(shift.size());
  if (classes != outputs)
    throw ShapeError(fmt::format("adjust_logits: {} shares for logits {}", shares.size(),
                                 to_string(logits.shape())),
                     {"adjust_logits",
                      {logits.shape()},
                      feature_axis(layout),
                      outputs,
                      classes,
                      "give one share a class"});
  return logits + astype(array(shift, feature_shape(classes, layout)), logits.dtype());
}

}  // namespace lanewise::nn
