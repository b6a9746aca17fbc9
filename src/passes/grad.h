// Reverse-mode differentiation as a rewrite of the graph.
//
// Nodes are visited from the loss back to the leaves; each adds to its operands
// the product of its own cotangent with its local derivative (a rule a
// primitive, in grad.cc). Griewank & Walther, Evaluating Derivatives, ch. 3.
#pragma once

#include <span>
#include <vector>

#include "graph/node.h"

namespace lanewise::passes {

// ∂loss/∂x for each x of `wrt`, of its shape and dtype; zeros where loss does not
// depend on it.  loss: one element, float.
// Errors: ShapeError, DTypeError.
std::vector<graph::NodePtr> gradients(const graph::NodePtr& loss,
                                      std::span<const graph::NodePtr> wrt);

}  // namespace lanewise::passes
