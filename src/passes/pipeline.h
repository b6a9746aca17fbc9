// The rewrites that every program goes through before it is planned, in order.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/node.h"

namespace lanewise::passes {

// What is known of leaves that have a value.
enum class Leaves : uint8_t {
  bound,     // no more than their dtype and shape: every run may bind others
  constant,  // they are part of the program
};

// Runs all passes and verifies the result.
std::vector<graph::NodePtr> optimize(std::vector<graph::NodePtr> outputs, Leaves leaves);

}  // namespace lanewise::passes
