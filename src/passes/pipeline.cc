#include "passes/pipeline.h"

#include "passes/common_subexpressions.h"

namespace lanewise::passes {

using graph::NodePtr;

namespace {

// A pass maps outputs to outputs that compute the same values; leaves stay
// the same objects.
using Pass = std::vector<NodePtr> (*)(const std::vector<NodePtr>& outputs, Leaves leaves);

constexpr Pass kPipeline[] = {merge_common_subexpressions};

}  // namespace

std::vector<NodePtr> optimize(std::vector<NodePtr> outputs, Leaves leaves) {
  for (const Pass& pass : kPipeline) outputs = pass(outputs, leaves);
  graph::verify(outputs);
  return outputs;
}

}  // namespace lanewise::passes
