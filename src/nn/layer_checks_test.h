// What every layer is checked for, whatever it computes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "array/testing.h"
#include "lanewise/layers.h"
#include "lanewise/ops.h"
#include "lanewise/runtime.h"

namespace lanewise::nn {

using Arrays = std::vector<Array>;

inline Arrays first_parameters(const Sequential& network, DType dtype = DType::float64) {
  Generator generator(11);
  Arrays values;
  for (const Parameter& p : network.init(generator, Init::uniform_fan_in, dtype))
    values.push_back(p.value);
  return values;
}

inline std::vector<double> numbers(const Arrays& arrays) {
  std::vector<double> all;
  for (const Array& a : arrays)
    for (double x : a.to_vector<double>()) all.push_back(x);
  return all;
}

inline void expect_near(const std::vector<double>& values, const std::vector<double>& expected,
                        double tolerance, const std::string& what) {
  ASSERT_EQ(values.size(), expected.size()) << what;
  for (std::size_t k = 0; k < values.size(); ++k)
    EXPECT_NEAR(values[k], expected[k], tolerance * std::max(1.0, std::abs(expected[k])))
        << what << ", number " << k;
}

// A loss that weighs every output differently.
inline Array weighed(const Array& output) {
  const Array flat = ravel(output);
  return sum(flat * cos(arange(0, static_cast<double>(flat.size()), 1, DType::float64)));
}

// The slopes of f(arguments), as gradients() has them and by central differences.
inline void check_gradients(const ScalarFunction& f, const Arrays& arguments,
                            double tolerance = 1e-6) {
  const Arrays slopes = value_and_grad(f)(arguments).grads;
  constexpr double kStep = 1e-5;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::vector<double> values = arguments[i].to_vector<double>();
    std::vector<double> expected;
    for (std::size_t k = 0; k < values.size(); ++k) {
      const auto at = [&](double shift) {
        std::vector<double> moved = values;
        moved[k] += shift;
        Arrays all = arguments;
        all[i] = array(moved, arguments[i].shape());
        return f(all).item();
      };
      expected.push_back((at(kStep) - at(-kStep)) / (2 * kStep));
    }
    expect_near(slopes[i].to_vector<double>(), expected, tolerance,
                "slope of argument " + std::to_string(i));
  }
}

// Parameters of a network of rows for the same one of columns.
inline Arrays turned(const Arrays& parameters, const Sequential& columns) {
  const auto shapes = columns.parameter_shapes();
  Arrays all;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Array& p = parameters[i];
    if (p.shape() == shapes[i].shape) all.push_back(p);
    else if (p.rank() == 1) all.push_back(p.reshape(shapes[i].shape));
    else all.push_back(swapaxes(p, -1, -2));
  }
  return all;
}

// Results of a training pass over X and the slopes of all parameters, on one executor.
inline std::vector<double> trained_on(const std::string& which, const Sequential& network,
                                      const Arrays& parameters, const Array& X) {
  const WithExecutor with(which);
  const CompiledFunction step = compile(
      [&](const Arrays& all) {
        const Arrays p(all.begin() + 1, all.end());
        const Sequential::Pass pass = network.training_pass(p, all[0], Array(int64_t{5}));
        Arrays results = pass.parameters;
        for (const Array& slope : gradients(mean(square(pass.output)), p)) results.push_back(slope);
        results.push_back(pass.output);
        return results;
      },
      {{0}});
  Arrays arguments = {X};
  arguments.insert(arguments.end(), parameters.begin(), parameters.end());
  return numbers(step(arguments));
}

// X: rows, float64; without slopes of its own where it holds categories.
inline void check_layers(int64_t inputs, const std::vector<LayerPtr>& layers, const Array& X,
                         bool slopes_of_x = true) {
  const Sequential network(inputs, layers), columns(inputs, layers, Layout::columns);
  const Arrays parameters = first_parameters(network);
  const Array key(int64_t{3});

  Arrays wrt = parameters;
  if (slopes_of_x) wrt.push_back(X);
  check_gradients(
      [&](const Arrays& a) {
        const std::span<const Array> p = std::span(a).first(parameters.size());
        return weighed(network.apply(p, slopes_of_x ? a.back() : X, true, key));
      },
      wrt);

  const Arrays other = turned(parameters, columns);
  expect_near(numbers({columns(other, X.T()).T()}), numbers({network(parameters, X)}), 1e-12,
              "columns");

  const auto oracle = trained_on("loop", network, parameters, X);
  expect_near(trained_on("vectorized", network, parameters, X), oracle, 1e-12, "vectorized");
  expect_near(trained_on("fused", network, parameters, X), oracle, 1e-12, "fused");

  EXPECT_EQ(Sequential::from_json(network.to_json()).to_json(), network.to_json());
  EXPECT_EQ(Sequential::from_json(network.to_json()).summary(), network.summary());

  const Array all = network(parameters, X).eval();
  EXPECT_EQ(numbers({network(parameters, X[{slice(0, 1)}])}), numbers({all[{slice(0, 1)}]}));
  EXPECT_EQ(network(parameters, X[{slice(0, 0)}]).shape(), (Shape{0, network.outputs()}));
  EXPECT_TRUE(numbers({network(parameters, X[{slice(0, 0)}])}).empty());
}

// The same executors over enough rows for the sweep to cut them.
inline void check_many_rows(int64_t inputs, const std::vector<LayerPtr>& layers, const Array& X) {
  const Sequential network(inputs, layers);
  const Arrays parameters = first_parameters(network);
  const auto oracle = trained_on("loop", network, parameters, X);
  expect_near(trained_on("fused", network, parameters, X), oracle, 1e-10, "fused, many rows");
}

}  // namespace lanewise::nn
