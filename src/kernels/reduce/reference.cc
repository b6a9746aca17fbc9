// Reductions in index order, one element at a time.
#include <algorithm>
#include <numeric>
#include <vector>

#include "kernels/loop_nest.h"
#include "kernels/reduce/geometry.h"
#include "kernels/reduce/monoid.h"
#include "kernels/reduce/reduce.h"
#include "kernels/reduce/top_k.h"

namespace lanewise::kernels::reference {
namespace {

// Calls reduce_one(elements, the place of the result in out) for each result; element i lies at
// elements[g.offset(i)].
template <class T, class ReduceOne>
void each_result(const ReduceGeometry& g, const View& x, ReduceOne reduce_one) {
  for (int64_t outer = 0; outer < g.outer; ++outer) {
    int64_t from = 0, to = 0;
    g.start(outer, &from, &to);
    for (int64_t j = 0; j < g.columns; ++j)
      reduce_one(x.as<T>() + from + j * g.stride, to + j * g.out_stride);
  }
}

template <class Monoid>
void reduce_with(const View& x, const bool* reduced, const View& out) {
  using T = typename Monoid::Element;
  const ReduceGeometry g(x, reduced, out);
  each_result<T>(g, x, [&](const T* elements, int64_t to) {
    auto state = Monoid::init();
    for (int64_t i = 0; i < g.count; ++i) Monoid::update(&state, elements + g.offset(i), 1, i);
    out.as<typename Monoid::Result>()[to] = Monoid::finish(state);
  });
}

// In two passes, as a textbook has it.
template <class T>
void squared_deviations(const View& x, const bool* reduced, const View& out) {
  const ReduceGeometry g(x, reduced, out);
  each_result<T>(g, x, [&](const T* elements, int64_t to) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < g.count; ++i) sum += static_cast<double>(elements[g.offset(i)]);
    const double mean = sum / static_cast<double>(g.count);
    for (int64_t i = 0; i < g.count; ++i) {
      const double deviation = static_cast<double>(elements[g.offset(i)]) - mean;
      squares += deviation * deviation;
    }
    out.as<T>()[to] = static_cast<T>(squares);
  });
}

template <class Order, bool kIndices, class T>
void first_of_sorted(const View& x, const bool* reduced, const View& out) {
  const ReduceGeometry g(x, reduced, out);
  const auto axis = std::find(reduced, reduced + x.rank(), true) - reduced;
  const int64_t k = out.shape[static_cast<int>(axis)], step = out.strides[static_cast<int>(axis)];
  std::vector<int64_t> order(static_cast<std::size_t>(g.count));
  each_result<T>(g, x, [&](const T* elements, int64_t to) {
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return Order::better(elements[g.offset(a)], elements[g.offset(b)]);
    });
    for (int64_t i = 0; i < k; ++i) {
      const int64_t index = order[static_cast<std::size_t>(i)];
      if constexpr (kIndices) out.as<int64_t>()[to + i * step] = index;
      else out.as<T>()[to + i * step] = elements[g.offset(index)];
    }
  });
}

}  // namespace

void reduce(Reduce op, const View& x, const bool* reduced, const View& out) {
  with_type(x.dtype, [&]<class T>(std::type_identity<T>) {
    switch (op) {
      case Reduce::sum: return reduce_with<Fold<Add, T>>(x, reduced, out);
      case Reduce::prod: return reduce_with<Fold<Multiply, T>>(x, reduced, out);
      case Reduce::max: return reduce_with<Fold<Maximum, T>>(x, reduced, out);
      case Reduce::min: return reduce_with<Fold<Minimum, T>>(x, reduced, out);
      case Reduce::argmax: return reduce_with<ArgBest<Maximum, T>>(x, reduced, out);
      case Reduce::argmin: return reduce_with<ArgBest<Minimum, T>>(x, reduced, out);
      case Reduce::squared_deviations:
        if constexpr (is_float_type<T>) squared_deviations<T>(x, reduced, out);
        return;
      case Reduce::top_k: return first_of_sorted<Largest, false, T>(x, reduced, out);
      case Reduce::bottom_k: return first_of_sorted<Smallest, false, T>(x, reduced, out);
      case Reduce::arg_top_k: return first_of_sorted<Largest, true, T>(x, reduced, out);
      case Reduce::arg_bottom_k: return first_of_sorted<Smallest, true, T>(x, reduced, out);
    }
  });
}

}  // namespace lanewise::kernels::reference
