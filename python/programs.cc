// Evaluation, gradients, compiled functions, executors and threads.
#include <fmt/format.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "convert.h"
#include "graph/node.h"
#include "lanewise/file_streams.h"
#include "lanewise/runtime.h"
#include "module.h"
#include "source.h"

namespace lanewise::python {
namespace {

// A callable of Python that C++ may call and drop on any thread.
class Callable {
 public:
  explicit Callable(nb::handle f)
      : f_(f.inc_ref().ptr(), [](PyObject* p) {
          if (!Py_IsInitialized()) return;
          const GilHeld gil;
          Py_DECREF(p);
        }) {}
  template <class Result>
  Result call(const std::vector<Array>& arguments) const {
    const GilHeld gil;
    return nb::cast<Result>(nb::handle(f_.get())(arguments));
  }

 private:
  std::shared_ptr<PyObject> f_;
};

// What `arrays` holds: Arrays, or sequences of such.
void collect(nb::handle value, std::vector<Array>& out) {
  if (is_array(value)) return out.push_back(nb::cast<Array&>(value));
  if (nb::isinstance<nb::dict>(value)) {
    for (nb::handle part : nb::object(value.attr("values")())) collect(part, out);
  } else if (nb::isinstance<nb::tuple>(value) || nb::isinstance<nb::list>(value)) {
    for (nb::handle part : value) collect(part, out);
  }
}

void eval_all(nb::args arrays) {
  std::vector<Array> all;
  collect(arrays, all);
  without_gil([&] { eval(std::span<const Array>(all)); });
}

// f takes leaves and gives a scalar; lanewise/functional.py builds grad from it.
std::pair<Array, std::vector<Array>> value_and_gradients(nb::handle f,
                                                         const std::vector<Array>& leaves) {
  const Callable callable(f);
  const auto differentiated = value_and_grad(
      [&](const std::vector<Array>& arguments) { return callable.call<Array>(arguments); });
  ValueAndGrad result = differentiated(leaves);
  return {result.value, std::move(result.grads)};
}

CompiledFunction compile_leaves(nb::handle f, std::vector<int> sample_axis) {
  const Callable callable(f);
  return compile(
      [callable](const std::vector<Array>& arguments) {
        return callable.call<std::vector<Array>>(arguments);
      },
      {std::move(sample_axis)});
}

// Makes the argument of a trace a weak scalar, as the number was that it stands for.
Array make_weak(const Array& argument) {
  argument.node()->weak = true;
  return argument;
}

bool narrows_a_number(const graph::Node& node) {
  if (node.op != graph::Op::cast || !is_integer(node.dtype)) return false;
  const graph::Node& number = *node.inputs[0];
  return number.weak && number.dtype == DType::int64 && number.shape.empty();
}

// The integers without a value yet that `results` convert to a smaller dtype, and that dtype.
std::pair<std::vector<Array>, std::vector<std::string>> narrowed_numbers(
    const std::vector<Array>& results) {
  std::vector<graph::NodePtr> nodes;
  for (const Array& result : results) nodes.push_back(result.node());
  std::vector<Array> numbers;
  std::vector<std::string> dtypes;
  for (const graph::NodePtr& node : graph::topological_order(nodes)) {
    if (node->inputs.empty() || !narrows_a_number(*node)) continue;
    numbers.emplace_back(node->inputs[0]);
    dtypes.emplace_back(name(node->dtype));
  }
  return {std::move(numbers), std::move(dtypes)};
}

// A key of the dtypes and extents of arguments, but for extents along `sample_axes`.
nb::bytes kinds_of(const std::vector<Array>& leaves, const std::vector<int>& sample_axes) {
  std::vector<int64_t> kinds;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const int samples = i < sample_axes.size() ? sample_axes[i] : -1;
    kinds.push_back(static_cast<int64_t>(leaves[i].dtype()));
    kinds.push_back(leaves[i].rank());
    for (int axis = 0; axis < leaves[i].rank(); ++axis)
      kinds.push_back(axis == samples ? -1 : leaves[i].shape(axis));
  }
  return nb::bytes(kinds.data(), kinds.size() * sizeof(int64_t));
}

bool is_traced(const Array& a) { return a.node()->traced; }

bool lies_along(const StreamedResult& result) { return result.sample_axis >= 0; }

// A .npy file of the result, in C order.
std::unique_ptr<Sink> file_of(const StreamedResult& result, const std::string& path) {
  Shape row = result.shape;
  row.erase(result.sample_axis);
  NpySinkOptions options;
  options.features_first = result.sample_axis > 0;
  options.length = result.shape[result.sample_axis];
  return write_behind(npy_sink(path, row, result.dtype, options));
}

// The results; None for those along the samples, which are the files `paths`, in order.
nb::list stream(const CompiledFunction& f, nb::handle source, const std::vector<Array>& others,
                const std::vector<std::filesystem::path>& paths) {
  std::vector<StreamedResult> results;
  const std::vector<Array> rest = with_source(source, [&](Source& s) {
    results = f.streamed_results(s, others);
    const auto along = std::count_if(results.begin(), results.end(), lies_along);
    if (along != std::ssize(paths))
      throw ValueError(fmt::format("{} results lie along the samples, {} paths were given (out)",
                                   along, paths.size()));
    std::vector<std::unique_ptr<Sink>> files;
    std::vector<Sink*> sinks;
    for (const StreamedResult& result : results) {
      if (!lies_along(result)) continue;
      files.push_back(file_of(result, paths[files.size()].string()));
      sinks.push_back(files.back().get());
    }
    std::vector<Array> made = f.stream(s, others, sinks);
    for (const auto& file : files) file->close();
    return made;
  });
  nb::list all;
  auto next = rest.begin();
  for (const StreamedResult& result : results)
    all.append(lies_along(result) ? nb::none() : nb::cast(*next++));
  return all;
}

void bind_compiled(nb::module_& m) {
  nb::class_<CompiledFunction>(m, "CompiledFunction")
      .def("__call__",
           [](const CompiledFunction& f, const std::vector<Array>& arguments) {
             return without_gil([&] { return f(arguments); });
           })
      .def("stream", &stream, "source"_a, "others"_a, "paths"_a)
      .def("dump",
           [](const CompiledFunction& f, const std::vector<Array>& arguments) {
             return without_gil([&] { return f.dump(arguments); });
           })
      .def("profile",
           [](const CompiledFunction& f, const std::vector<Array>& arguments) {
             return without_gil([&] { return f.profile(arguments); });
           })
      .def_prop_ro("plan_count", [](const CompiledFunction& f) {
        return without_gil([&] { return f.plan_count(); });
      });
  m.def("make_weak", &make_weak, "argument"_a);
  m.def("narrowed_numbers", &narrowed_numbers, "results"_a);
  m.def("kinds_of", &kinds_of, "leaves"_a, "sample_axes"_a);
  m.def("is_traced", &is_traced, "a"_a);
  m.def("compile_leaves", &compile_leaves, "f"_a, "sample_axis"_a);
}

}  // namespace

void bind_programs(nb::module_& m) {
  m.def("eval", &eval_all, "Computes these arrays (or lists, tuples, dicts of them), together.");
  m.def(
      "gradients",
      [](const Array& loss, const std::vector<Array>& wrt) { return gradients(loss, wrt); },
      "loss"_a, "wrt"_a, "The derivative of loss with respect to each array of wrt.");
  m.def("value_and_gradients", &value_and_gradients, "f"_a, "leaves"_a);
  bind_compiled(m);
  m.def("set_executor", &set_executor, "name"_a);
  m.def("executor", &executor);
  m.def("executors", &executors);
  m.def("set_threads", &set_thread_count, "count"_a);
  m.def("thread_count", &thread_count);
  m.def("set_strict_shapes", &set_strict_shapes, "strict"_a,
        "Whether broadcasts that are probably mistakes raise ShapeError.");
  m.def("strict_shapes", &strict_shapes);
}

}  // namespace lanewise::python
