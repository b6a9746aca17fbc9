// Short names for the nodes of formulas.
#pragma once

#include "graph/build.h"

namespace lanewise::graph {

inline NodePtr add(const NodePtr& a, const NodePtr& b) { return binary(Op::add, a, b); }
inline NodePtr sub(const NodePtr& a, const NodePtr& b) { return binary(Op::subtract, a, b); }
inline NodePtr mul(const NodePtr& a, const NodePtr& b) { return binary(Op::multiply, a, b); }
inline NodePtr div(const NodePtr& a, const NodePtr& b) { return binary(Op::divide, a, b); }
inline NodePtr less(const NodePtr& a, const NodePtr& b) { return binary(Op::less, a, b); }
inline NodePtr equal(const NodePtr& a, const NodePtr& b) { return binary(Op::equal, a, b); }
// A number of the dtype of `like`.
inline NodePtr num(const NodePtr& like, double value) { return scalar_like(like, value); }

}  // namespace lanewise::graph
