// A node of the graph: one primitive with its operands. Nodes are made by
// build.h, which infers shape and dtype and throws for what doesn't fit, so a
// node that exists is sound. A node is immutable but for one thing: evaluation
// gives it a value, which never changes, and drops its operands. Threads may share
// nodes: whoever follows operands holds graph_mutex(), unless no other thread has
// the nodes.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "graph/op.h"

namespace lanewise::graph {

struct Node;
using NodePtr = std::shared_ptr<Node>;

// What a primitive needs besides its operands; unused fields stay empty.
struct Attributes {
  Dims axes{};            // reductions, count; transpose: the permutation
  Dims shape{};           // reshape, broadcast_to, slice, pad, iota, scatter_add…: of the result
  Dims start{}, step{};   // slice, pad
  int axis = 0;           // concatenate, take, scatter_add and along an axis
  bool keepdims = false;  // reductions
  int64_t k = 1;          // reductions with keepdims: the extent of a reduced axis in the result
  double first = 0, increment = 0;  // iota
  friend bool operator==(const Attributes&, const Attributes&) = default;

  // f(attribute), for all of them: what operator== compares.
  template <class F>
  void each(const F& f) const {
    const auto& [a, b, c, d, e, g, h, i, j] = *this;
    f(a), f(b), f(c), f(d), f(e), f(g), f(h), f(i), f(j);
  }
};

struct Node {
  Op op = Op::constant;
  DType dtype = DType::float32;
  bool weak = false;                  // a number of the host language, or computed from such only
  bool traced = false;                // depends on an input: has no value before a run
  std::atomic<bool> donated = false;  // its memory belongs to a session
  bool argument = false;              // of a function that is being differentiated right now
  bool evaluated = false;             // had operands, which evaluation dropped
  std::atomic<int> depth = 0;         // longest path to a leaf
  Shape shape;
  Attributes attributes;
  std::vector<NodePtr> inputs;
  Tensor value;  // of a constant, or after evaluation: to be read where has_value()
  // The elements of a value that lies otherwise in row-major order, once data() asked for them.
  std::shared_ptr<std::byte> row_major;

  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();  // iterative: a long chain must not exhaust the stack

  bool has_value() const { return has_value_.load(std::memory_order_acquire); }
  void set_value(Tensor tensor) {
    value = std::move(tensor);
    has_value_.store(static_cast<bool>(value), std::memory_order_release);
  }

 private:
  std::atomic<bool> has_value_ = false;
};

// Held while operands are followed or dropped; never while functions of users run, be it to let go
// of memory that they lent: these may wait for a thread that waits for it.
std::recursive_mutex& graph_mutex();

// What a plan is made from. `inputs` are the leaves whose values a run binds.
struct Program {
  std::vector<NodePtr> inputs;
  std::vector<NodePtr> outputs;
};

// The nodes that `outputs` need, operands before users. Nodes with a value are leaves.
std::vector<NodePtr> topological_order(std::span<const NodePtr> outputs);

// A line a node: "%3 = matmul(%0, %2) : float32 (5000, 10)".
std::string dump(std::span<const NodePtr> outputs);

// Checks arity, operand dtypes, shapes against inference.  Errors: InternalError naming the node.
void verify(std::span<const NodePtr> outputs);

}  // namespace lanewise::graph
