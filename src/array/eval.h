// Evaluation: from pending nodes to values, through a cached plan.
#pragma once

#include <span>
#include <string>

#include "exec/backend.h"
#include "graph/node.h"
#include "lanewise/array.h"

namespace lanewise {

// Gives each of `nodes` a value.  Errors: ValueError for a traced or donated node.
void evaluate(std::span<const graph::NodePtr> nodes);

// The elements of a node in row-major order, which live as long as it.  Errors: as evaluate().
const std::byte* row_major_data(const graph::NodePtr& node);

// The backend of this process: LANEWISE_EXECUTOR, then set_executor().
const exec::Backend& current_backend();

// A new Array handle on `node`; a long chain is evaluated on the way.
Array wrap(graph::NodePtr node);

}  // namespace lanewise
