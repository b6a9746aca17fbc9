#include "graph/node.h"

#include <fmt/format.h>
#include <pthread.h>

#include <new>
#include <unordered_map>
#include <unordered_set>

#include "graph/build.h"
#include "lanewise/error.h"

namespace lanewise::graph {

Node::~Node() {
  std::vector<NodePtr> dying = std::move(inputs);
  while (!dying.empty()) {
    NodePtr node = std::move(dying.back());
    dying.pop_back();
    if (node.use_count() != 1) continue;
    for (NodePtr& operand : node->inputs) dying.push_back(std::move(operand));
    node->inputs.clear();
  }
}

// A child of a fork has the graph as nobody was changing it, and a mutex that nobody holds.
std::recursive_mutex& graph_mutex() {
  static std::recursive_mutex mutex;
  static const int registered =
      pthread_atfork([] { graph_mutex().lock(); }, [] { graph_mutex().unlock(); },
                     [] { new (&graph_mutex()) std::recursive_mutex(); });
  (void)registered;
  return mutex;
}

std::vector<NodePtr> topological_order(std::span<const NodePtr> outputs) {
  std::vector<NodePtr> order;
  std::unordered_set<const Node*> done;
  struct Visit {
    NodePtr node;
    std::size_t next = 0;
  };
  std::vector<Visit> stack;
  for (const NodePtr& output : outputs) {
    if (!done.insert(output.get()).second) continue;
    stack.push_back({output});
    while (!stack.empty()) {
      Visit& top = stack.back();
      if (!top.node->has_value() && top.next < top.node->inputs.size()) {
        const NodePtr& operand = top.node->inputs[top.next++];
        if (done.insert(operand.get()).second) stack.push_back({operand});
      } else {
        order.push_back(std::move(top.node));
        stack.pop_back();
      }
    }
  }
  return order;
}

namespace {

std::string attribute_text(const Node& n) {
  const Attributes& a = n.attributes;
  switch (traits(n.op).kind) {
    case OpClass::reduce:
      return fmt::format(", axes={}{}{}", to_string(a.axes), a.keepdims ? ", keepdims" : "",
                         a.k > 1 ? fmt::format(", k={}", a.k) : "");
    case OpClass::view:
      if (n.op == Op::transpose) return fmt::format(", permutation={}", to_string(a.axes));
      if (n.op != Op::slice) return "";
      [[fallthrough]];
    case OpClass::copy:
      if (n.op == Op::slice || n.op == Op::pad)
        return fmt::format(", start={}, step={}", to_string(a.start), to_string(a.step));
      return fmt::format(", axis={}", a.axis);
    case OpClass::source:
      if (n.op == Op::iota) return fmt::format("{}, step {}", a.first, a.increment);
      return n.op == Op::count ? fmt::format(", axes={}", to_string(a.axes)) : "";
    default: return "";
  }
}

std::string scalar_text(const Node& n) {
  if (!n.has_value() || n.shape.rank() != 0) return "";
  return with_type(n.dtype, [&](auto type) {
    using T = typename decltype(type)::type;
    return fmt::format("{}", *n.value.as<T>());
  });
}

}  // namespace

std::string dump(std::span<const NodePtr> outputs) {
  std::unordered_map<const Node*, int> number;
  std::string text;
  for (const NodePtr& node : topological_order(outputs)) {
    const int id = static_cast<int>(number.size());
    number[node.get()] = id;
    std::string operands = node->has_value() ? scalar_text(*node) : "";
    if (!node->has_value()) {
      for (const NodePtr& operand : node->inputs)
        operands += fmt::format("{}%{}", operands.empty() ? "" : ", ", number.at(operand.get()));
      operands += attribute_text(*node);
    }
    const std::string_view op = node->has_value() ? name(Op::constant) : name(node->op);
    text += fmt::format("%{} = {}({}) : {} {}\n", id, op, operands, name(node->dtype),
                        to_string(node->shape));
  }
  text += "return";
  for (const NodePtr& output : outputs) text += fmt::format(" %{}", number.at(output.get()));
  return text + "\n";
}

void verify(std::span<const NodePtr> outputs) {
  for (const NodePtr& node : topological_order(outputs)) {
    if (node->has_value()) continue;
    const OpTraits& t = traits(node->op);
    auto fail = [&](std::string_view what) {
      throw InternalError(fmt::format("{} node: {}", t.name, what));
    };
    if (t.inputs >= 0 && static_cast<int>(node->inputs.size()) != t.inputs)
      fail(fmt::format("{} operands, expected {}", node->inputs.size(), t.inputs));
    if (t.kind == OpClass::leaf) continue;
    if (infer_shape(*node) != node->shape)
      fail(fmt::format("shape {}, inferred {}", to_string(node->shape),
                       to_string(infer_shape(*node))));
    if ((t.kind == OpClass::binary || t.kind == OpClass::matmul) &&
        node->inputs[0]->dtype != node->inputs[1]->dtype)
      fail("operands of two dtypes");
  }
}

}  // namespace lanewise::graph
