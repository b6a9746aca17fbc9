// gradients, grad and value_and_grad over the gradient pass.
#include <fmt/format.h>

#include "array/callable.h"
#include "array/eval.h"
#include "graph/build.h"
#include "lanewise/array.h"
#include "lanewise/runtime.h"
#include "passes/grad.h"

namespace lanewise {

using graph::Node;
using graph::NodePtr;

namespace {

std::vector<NodePtr> gradients_of(const NodePtr& loss, std::span<const NodePtr> wrt) {
  const std::lock_guard lock(graph::graph_mutex());
  return passes::gradients(loss, wrt);
}

}  // namespace

std::vector<Array> gradients(const Array& loss, std::span<const Array> wrt) {
  std::vector<NodePtr> nodes;
  for (const Array& x : wrt) nodes.push_back(x.node());
  std::vector<Array> grads;
  for (NodePtr& g : gradients_of(loss.node(), nodes)) grads.push_back(wrap(std::move(g)));
  return grads;
}

namespace {

// The argument as the function sees it: another handle on the same values,
// traced, so that what is computed from it stays recorded until the gradient is taken.
NodePtr make_argument(const NodePtr& x) {
  auto node = std::make_shared<Node>();
  node->op = graph::Op::broadcast_to;
  node->dtype = x->dtype;
  node->shape = x->shape;
  node->attributes.shape = x->shape;
  node->inputs = {x};
  node->traced = node->argument = true;
  return node;
}

// Tracing is over for `arguments`; what depends on no other trace can be read.
void release(std::span<const NodePtr> arguments, std::span<const NodePtr> results) {
  const std::lock_guard lock(graph::graph_mutex());
  for (const NodePtr& a : arguments) a->argument = false;
  for (const NodePtr& node : graph::topological_order(results)) {
    if (!node->traced) continue;
    node->traced = node->op == graph::Op::input || node->argument;
    for (const NodePtr& operand : node->inputs) node->traced = node->traced || operand->traced;
  }
}

ValueAndGrad differentiate(const ScalarFunction& f, const std::vector<int>& argnums,
                           const std::vector<Array>& arguments) {
  std::vector<NodePtr> inner, wrt;
  std::vector<Array> handles;
  for (const Array& a : arguments)
    handles.emplace_back(inner.emplace_back(make_argument(a.node())));
  if (argnums.empty()) wrt = inner;
  for (int n : argnums) {
    if (n < 0 || n >= static_cast<int>(inner.size()))
      throw IndexError(fmt::format("grad: argument {} of {}", n, inner.size()));
    wrt.push_back(inner[n]);
  }
  std::vector<NodePtr> results = {f(handles).node()};
  for (NodePtr& g : gradients_of(results[0], wrt)) results.push_back(std::move(g));
  release(inner, results);
  ValueAndGrad out{Array(results[0]), {}};
  for (std::size_t i = 1; i < results.size(); ++i) out.grads.emplace_back(results[i]);
  return out;
}

}  // namespace

std::function<ValueAndGrad(const std::vector<Array>&)> value_and_grad(ScalarFunction f,
                                                                      std::vector<int> argnums) {
  callable("value_and_grad", f);
  return [f = std::move(f), argnums = std::move(argnums)](const std::vector<Array>& arguments) {
    return differentiate(f, argnums, arguments);
  };
}

std::function<std::vector<Array>(const std::vector<Array>&)> grad(ScalarFunction f,
                                                                  std::vector<int> argnums) {
  callable("grad", f);
  return [f = std::move(f), argnums = std::move(argnums)](const std::vector<Array>& arguments) {
    return differentiate(f, argnums, arguments).grads;
  };
}

void set_strict_shapes(bool strict) { graph::set_strict(strict); }
bool strict_shapes() { return graph::strict(); }

}  // namespace lanewise
