// Nodes that compute the same value from the same operands become one.
#pragma once

#include <vector>

#include "passes/pipeline.h"

namespace lanewise::passes {

// So do constants of one element that have the same bits.
std::vector<graph::NodePtr> merge_common_subexpressions(const std::vector<graph::NodePtr>& outputs,
                                                        Leaves leaves);

}  // namespace lanewise::passes
