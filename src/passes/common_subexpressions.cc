#include "passes/common_subexpressions.h"

#include <string>
#include <unordered_map>

namespace lanewise::passes {
namespace {

using namespace graph;

// Rebuilt only when an operand changed, so an untouched graph keeps its nodes.
NodePtr with_operands(const NodePtr& node, std::vector<NodePtr> operands) {
  if (operands == node->inputs) return node;
  auto copy = std::make_shared<Node>();
  copy->op = node->op;
  copy->dtype = node->dtype;
  copy->weak = node->weak;
  copy->traced = node->traced;
  copy->depth = node->depth.load();
  copy->shape = node->shape;
  copy->attributes = node->attributes;
  copy->inputs = std::move(operands);
  return copy;
}

// Of everything that same() compares.
class Hash {
 public:
  explicit Hash(const Node& node) {
    add(static_cast<int>(node.op));
    add(static_cast<int>(node.dtype));
    add(node.shape);
    for (const NodePtr& operand : node.inputs) add(operand);
    node.attributes.each([this](const auto& attribute) { add(attribute); });
  }
  std::size_t value() const { return value_; }

 private:
  template <class T>
  void add(const T& x) {
    value_ = value_ * 1000003 + std::hash<T>()(x);
  }
  void add(const Dims& dims) {
    add(dims.rank());
    for (int64_t d : dims) add(d);
  }

  std::size_t value_ = 0;
};

bool same(const Node& a, const Node& b) {
  return a.op == b.op && a.dtype == b.dtype && a.shape == b.shape && a.inputs == b.inputs &&
         a.attributes == b.attributes;
}

// The leaves that may stand for others: of the constants of one element, the first of each.
class Constants {
 public:
  explicit Constants(Leaves leaves) : leaves_(leaves) {}

  const NodePtr& operator()(const NodePtr& leaf) {
    if (leaves_ == Leaves::bound || leaf->op == Op::input || leaf->value.size() != 1) return leaf;
    std::string bits(reinterpret_cast<const char*>(leaf->value.data), size_of(leaf->dtype));
    bits += static_cast<char>(leaf->dtype);
    bits += static_cast<char>(leaf->shape.rank());
    return first_.try_emplace(std::move(bits), leaf).first->second;
  }

 private:
  Leaves leaves_;
  std::unordered_map<std::string, NodePtr> first_;
};

}  // namespace

std::vector<NodePtr> merge_common_subexpressions(const std::vector<NodePtr>& outputs,
                                                 Leaves leaves) {
  std::unordered_map<const Node*, NodePtr> replacement;
  Constants constants(leaves);
  std::unordered_multimap<std::size_t, NodePtr> seen;
  for (const NodePtr& node : topological_order(outputs)) {
    if (node->has_value() || node->op == Op::input) {
      replacement[node.get()] = constants(node);
      continue;
    }
    std::vector<NodePtr> operands;
    for (const NodePtr& operand : node->inputs) operands.push_back(replacement.at(operand.get()));
    const NodePtr candidate = with_operands(node, std::move(operands));
    const std::size_t key = Hash(*candidate).value();
    NodePtr& chosen = replacement[node.get()];
    const auto [first, last] = seen.equal_range(key);
    for (auto it = first; it != last && !chosen; ++it)
      if (same(*it->second, *candidate)) chosen = it->second;
    if (!chosen) {
      chosen = candidate;
      seen.emplace(key, candidate);
    }
  }
  std::vector<NodePtr> result;
  for (const NodePtr& output : outputs) result.push_back(replacement.at(output.get()));
  return result;
}

}  // namespace lanewise::passes
