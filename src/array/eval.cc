#include "array/eval.h"

#include <atomic>
#include <cstdlib>
#include <list>
#include <mutex>
#include <unordered_map>

#include "array/tensors.h"
#include "lanewise/runtime.h"
#include "passes/pipeline.h"

namespace lanewise {
namespace {

using graph::graph_mutex;
using graph::Node;
using graph::NodePtr;
using graph::Program;

// A chain of this many pending operations evaluates itself.
constexpr int kMaxDepth = 1000;

// The pending part of the graph as a program: its leaves become inputs.
struct Pending {
  Program program;
  std::string structure;  // equal for programs that one plan can run

  explicit Pending(std::vector<NodePtr> outputs) {
    program.outputs = std::move(outputs);
    std::unordered_map<const Node*, int> number;
    for (const NodePtr& node : graph::topological_order(program.outputs)) {
      number.emplace(node.get(), static_cast<int>(number.size()));
      describe(*node, number);
      if (node->has_value()) program.inputs.push_back(node);
    }
    for (const NodePtr& output : program.outputs) append(number.at(output.get()));
  }

 private:
  template <class T>
  void append(const T& value) {
    structure.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void append(const Dims& dims) {
    append(dims.rank());
    for (int64_t d : dims) append(d);
  }
  void describe(const Node& node, const std::unordered_map<const Node*, int>& number) {
    append(node.has_value() ? graph::Op::constant : node.op);
    append(node.dtype);
    append(node.shape);
    if (node.has_value()) return;
    append(node.inputs.size());
    for (const NodePtr& operand : node.inputs) append(number.at(operand.get()));
    node.attributes.each([this](const auto& attribute) { append(attribute); });
  }
};

using Compiled = std::shared_ptr<const exec::Executable>;

Compiled compile_program(const Program& program) {
  const Program optimized{program.inputs, passes::optimize(program.outputs, passes::Leaves::bound)};
  return current_backend().compile(plan::make_plan(optimized));
}

// Plans by the structure of their programs; the least recently used go first.
class PlanCache {
 public:
  Compiled get(const Pending& pending) {
    const std::string key = std::string(current_backend().name()) + '\0' + pending.structure;
    if (const auto found = index_.find(key); found != index_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return entries_.front().second;
    }
    entries_.emplace_front(key, compile_program(pending.program));
    index_[key] = entries_.begin();
    if (entries_.size() > kCapacity) {
      index_.erase(entries_.back().first);
      entries_.pop_back();
    }
    return entries_.front().second;
  }

 private:
  static constexpr std::size_t kCapacity = 256;
  using Entry = std::pair<std::string, Compiled>;
  std::list<Entry> entries_;
  std::unordered_map<std::string, std::list<Entry>::iterator> index_;
};

void check_readable(const Node& node) {
  if (node.donated)
    throw ValueError(
        "this array was donated to a session, which may have overwritten it; read "
        "Session::state() instead");
  if (node.traced && !node.has_value())
    throw ValueError(
        "an array inside a function that is being traced (compile, grad, Session) has no "
        "values yet; express what depends on its values with where()");
}

std::atomic<const exec::Backend*>& backend_slot() {
  static std::atomic<const exec::Backend*> slot = [] {
    const char* name = std::getenv("LANEWISE_EXECUTOR");
    return name && *name ? &exec::backend(name) : exec::backends()[0];
  }();
  return slot;
}

}  // namespace

const exec::Backend& current_backend() { return *backend_slot().load(); }

void set_executor(const std::string& name) { backend_slot() = &exec::backend(name); }
std::string executor() { return std::string(current_backend().name()); }
std::vector<std::string> executors() {
  std::vector<std::string> names;
  for (const exec::Backend* b : exec::backends()) names.emplace_back(b->name());
  return names;
}

namespace {

std::vector<NodePtr> without_value(std::span<const NodePtr> nodes) {
  std::vector<NodePtr> pending;
  for (const NodePtr& node : nodes) {
    check_readable(*node);
    if (!node->has_value()) pending.push_back(node);
  }
  return pending;
}

// What a thread needs to evaluate, while others go on with the graph.
struct Evaluation {
  Pending pending;
  Compiled compiled;
  std::vector<Tensor> inputs;

  explicit Evaluation(std::span<const NodePtr> nodes) : pending(without_value(nodes)) {
    static PlanCache cache;
    compiled = cache.get(pending);
    for (const NodePtr& leaf : pending.program.inputs) {
      check_readable(*leaf);
      inputs.push_back(leaf->value);
    }
  }
  // Gives the nodes their values, unless another thread was faster, and takes their operands.
  void publish(std::span<Tensor> results, std::vector<NodePtr>* operands) const {
    for (std::size_t k = 0; k < results.size(); ++k) {
      Node& node = *pending.program.outputs[k];
      if (node.has_value()) continue;
      node.set_value(std::move(results[k]));
      node.evaluated = true;
      node.depth = 0;
      operands->insert(operands->end(), node.inputs.begin(), node.inputs.end());
      node.inputs.clear();
    }
  }
};

}  // namespace

void evaluate(std::span<const NodePtr> nodes) {
  if (without_value(nodes).empty()) return;
  std::unique_lock lock(graph_mutex());
  if (without_value(nodes).empty()) return;  // another thread was faster
  const auto evaluation = std::make_unique<const Evaluation>(nodes);
  lock.unlock();
  std::vector<NodePtr> operands;  // may be the last that hold memory of users
  std::vector<Tensor> results(evaluation->pending.program.outputs.size());
  exec::Workspace workspace;
  evaluation->compiled->run(evaluation->inputs, results, workspace);
  lock.lock();
  evaluation->publish(results, &operands);
  lock.unlock();
}

const std::byte* row_major_data(const NodePtr& node) {
  evaluate({&node, 1});
  const std::lock_guard lock(graph_mutex());
  if (node->value.contiguous()) return node->value.data;
  if (!node->row_major) {
    const Tensor copy = cast_copy(node->value, node->dtype);
    node->row_major = {copy.owner, copy.data};
  }
  return node->row_major.get();
}

Array wrap(NodePtr node) {
  if (node->depth > kMaxDepth && !node->traced) evaluate({&node, 1});
  return Array(std::move(node));
}

void eval(std::span<const Array> arrays) {
  std::vector<NodePtr> nodes;
  for (const Array& a : arrays) nodes.push_back(a.node());
  evaluate(nodes);
}

}  // namespace lanewise
