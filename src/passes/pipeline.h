// The rewrites that every program goes through before it is planned, in order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/node.h"

namespace lanewise::passes {

// What is known of leaves that have a value.
enum class Leaves : uint8_t {
  bound,     // no more than their dtype and shape: every run may bind others
  constant,  // they are part of the program
};

// A pass maps outputs to outputs that compute the same values; leaves stay
// the same objects.
struct Pass {
  std::string_view name;
  std::vector<graph::NodePtr> (*run)(const std::vector<graph::NodePtr>& outputs, Leaves leaves);
};
const std::vector<Pass>& pipeline();

// Runs all passes and verifies the result.
std::vector<graph::NodePtr> optimize(std::vector<graph::NodePtr> outputs, Leaves leaves);

// What each pass changed, for people: number of nodes before and after, and the graph.
std::string explain_pipeline(std::vector<graph::NodePtr> outputs, Leaves leaves);

}  // namespace lanewise::passes
