#include "passes/pipeline.h"

#include <fmt/format.h>

#include "passes/common_subexpressions.h"

namespace lanewise::passes {

using graph::NodePtr;

const std::vector<Pass>& pipeline() {
  static const std::vector<Pass> passes = {
      {"common subexpressions", merge_common_subexpressions},
  };
  return passes;
}

std::vector<NodePtr> optimize(std::vector<NodePtr> outputs, Leaves leaves) {
  for (const Pass& pass : pipeline()) outputs = pass.run(outputs, leaves);
  graph::verify(outputs);
  return outputs;
}

std::string explain_pipeline(std::vector<NodePtr> outputs, Leaves leaves) {
  std::string text;
  for (const Pass& pass : pipeline()) {
    const std::size_t before = graph::topological_order(outputs).size();
    outputs = pass.run(outputs, leaves);
    text += fmt::format("{}: {} nodes -> {}\n", pass.name, before,
                        graph::topological_order(outputs).size());
  }
  return text + graph::dump(outputs);
}

}  // namespace lanewise::passes
