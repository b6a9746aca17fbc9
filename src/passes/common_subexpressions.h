// Nodes that compute the same value from the same operands become one.
#pragma once

#include <vector>

#include "graph/node.h"

namespace lanewise::passes {

std::vector<graph::NodePtr> merge_common_subexpressions(const std::vector<graph::NodePtr>& outputs);

}  // namespace lanewise::passes
