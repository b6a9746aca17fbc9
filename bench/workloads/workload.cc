// The table of workloads. bench/peers holds the same in other libraries.
#include "workloads/workload.h"

#include "workloads/data.h"
#include "workloads/kinds.h"

namespace lanewise::bench {
namespace {

using nn::Activation;
using nn::Layout;

// Operations of the products: forward, or forward, dW and (but for the first layer) dX.
double product_flops(const Setting& setting, bool training) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < setting.layers.size(); ++i) {
    const int products = !training ? 1 : i == 0 ? 2 : 3;
    sum += 2.0 * products * static_cast<double>(setting.layers[i] * setting.layers[i + 1]);
  }
  return sum * static_cast<double>(setting.m);
}

// tanh in the hidden layers.
nn::Sequential network(const Setting& setting, Layout layout, Activation last) {
  std::vector<nn::LayerPtr> layers;
  for (std::size_t i = 1; i < setting.layers.size(); ++i)
    layers.push_back(
        nn::dense(setting.layers[i], i + 1 == setting.layers.size() ? last : Activation::tanh));
  return nn::Sequential(setting.layers[0], layers, layout);
}

std::vector<Array> parameters_of(const nn::Sequential& network) {
  std::vector<Array> parameters;
  for (const nn::ParameterShape& p : network.parameter_shapes())
    parameters.push_back(parameter(parameters.size(), p.shape));
  return parameters;
}

Shape samples(Layout layout, int64_t m, int64_t n) {
  return layout == Layout::rows ? Shape{m, n} : Shape{n, m};
}

int sample_axis(Layout layout) { return layout == Layout::rows ? 0 : 1; }

// What there is to learn: which of the first features are negative.
Array negative_features(const Array& X, int64_t count, Layout layout) {
  const Index all = slice(), first = slice(0, count);
  const Array chosen = layout == Layout::rows ? X[{all, first}] : X[{first, all}];
  return astype(chosen < 0, DType::float32).eval();
}

// Which of the first features is the largest.
Array largest_feature(const Array& X, int64_t count) {
  const Array chosen = X[{slice(), slice(0, count)}];
  return astype(chosen == max(chosen, 1, true), DType::float32).eval();
}

template <Layout layout>
std::unique_ptr<Workload> forward(const Setting& setting) {
  const nn::Sequential net = network(setting, layout, Activation::sigmoid);
  const Function f = [net](const std::vector<Array>& a) -> std::vector<Array> {
    return {net(std::span(a).first(a.size() - 1), a.back())};
  };
  std::vector<Array> arguments = parameters_of(net);
  std::vector<int> axes(arguments.size(), -1);
  arguments.push_back(uniform(kInputs, samples(layout, setting.m, setting.layers[0])));
  axes.push_back(sample_axis(layout));
  return std::make_unique<Evaluation>(f, arguments, axes, product_flops(setting, false));
}

template <Layout layout>
std::unique_ptr<Workload> training(const Setting& setting) {
  const nn::Sequential net = network(setting, layout, Activation::identity);
  const Cost cost = [net](std::span<const Array> p, const Array& X, const Array& Y) {
    return nn::binary_cross_entropy_with_logits(net(p, X), Y);
  };
  const Array X = uniform(kInputs, samples(layout, setting.m, setting.layers[0]));
  const Array Y = negative_features(X, setting.layers.back(), layout);
  return std::make_unique<Training>(cost, parameters_of(net), X, Y, sample_axis(layout),
                                    product_flops(setting, true));
}

// The textbook's planar classifier.
template <DType dtype>
std::unique_ptr<Workload> textbook(const Setting& given) {
  const Setting setting{given.m, {2, 10, 1}};
  const nn::Sequential net = network(setting, Layout::columns, Activation::sigmoid);
  const Cost cost = [net](std::span<const Array> p, const Array& X, const Array& Y) {
    const Array A = net(p, X);
    return -mean(Y * log(A) + (1 - Y) * log(1 - A));
  };
  std::vector<Array> parameters;
  for (const Array& p : parameters_of(net)) parameters.push_back(astype(p, dtype));
  const Array X = uniform(kInputs, {2, setting.m}), Y = negative_features(X, 1, Layout::columns);
  return std::make_unique<Training>(cost, parameters, astype(X, dtype).eval(),
                                    astype(Y, dtype).eval(), 1, product_flops(setting, true), 100);
}

// (z − mean) / √(var + ε) over `axis`, scaled and shifted.
Array normalise(const Array& Z, int axis, const Array& gain, const Array& shift) {
  return (Z - mean(Z, axis, true)) / sqrt(var(Z, axis, true) + 1e-5) * gain + shift;
}

std::unique_ptr<Workload> normalised(const Setting& setting) {
  const auto& [m, layers] = setting;
  std::vector<Array> parameters;  // of each layer W, gain, shift
  for (std::size_t i = 1; i < layers.size(); ++i) {
    parameters.push_back(parameter(parameters.size(), {layers[i - 1], layers[i]}));
    parameters.push_back(ones({layers[i]}));
    parameters.push_back(zeros({layers[i]}));
  }
  const Cost cost = [](std::span<const Array> p, const Array& X, const Array& Y) {
    Array A = X;
    for (std::size_t i = 0; i < p.size(); i += 3)
      A = tanh(normalise(matmul(A, p[i]), 0, p[i + 1], p[i + 2]));
    return nn::mean_squared_error(A, Y);
  };
  const Array X = uniform(kInputs, {m, layers[0]});
  return std::make_unique<Training>(cost, parameters, X,
                                    negative_features(X, layers.back(), Layout::rows), 0,
                                    product_flops(setting, true));
}

std::unique_ptr<Workload> untuned(const Setting& given) {
  const Setting setting{given.m, {77, 48, 24, 3}};
  const std::vector<Array> parameters = {
      parameter(0, {77, 48}), parameter(1, {48}), ones({48}), zeros({48}),
      parameter(4, {48, 24}), parameter(5, {24}), ones({24}), zeros({24}),
      parameter(8, {24, 3}),  parameter(9, {3}),
  };
  const Cost cost = [](std::span<const Array> p, const Array& X, const Array& Y) {
    const auto gelu = [](const Array& Z) { return nn::activate(Activation::gelu, Z); };
    const Array A1 = gelu(normalise(matmul(X, p[0]) + p[1], 1, p[2], p[3]));
    const Array A2 = gelu(normalise(matmul(A1, p[4]) + p[5], 1, p[6], p[7]));
    const Array P = softmax(matmul(A2, p[8]) + p[9]);
    const Array misfit = -sum(Y * log(P), 1);
    const Array penalty = mean(square(A1), 1) + mean(abs(A2), 1);
    return mean(misfit + 0.01 * penalty);
  };
  const Array X = uniform(kInputs, {setting.m, 77});
  return std::make_unique<Training>(cost, parameters, X, largest_feature(X, 3), 0,
                                    product_flops(setting, true));
}

template <Array (*function)(const Array&)>
std::unique_ptr<Workload> elementwise(const Setting& setting) {
  const Function f = [](const std::vector<Array>& a) -> std::vector<Array> {
    return {function(a[0])};
  };
  return std::make_unique<Evaluation>(f, std::vector<Array>{uniform(kInputs, {setting.m})},
                                      std::vector<int>{0}, 0);
}

// (X − mean) / deviation of each of 50 features.
template <Layout layout>
std::unique_ptr<Workload> standardised(const Setting& setting) {
  const int axis = sample_axis(layout);
  const Function f = [axis](const std::vector<Array>& a) -> std::vector<Array> {
    return {(a[0] - mean(a[0], axis, true)) / std(a[0], axis, true)};
  };
  const Array X = uniform(kInputs, samples(layout, setting.m, 50));
  return std::make_unique<Evaluation>(f, std::vector<Array>{X}, std::vector<int>{axis}, 0);
}

// The cosines of the 10 nearest of m rows of 128 features to each query.
template <int queries>
std::unique_ptr<Workload> nearest(const Setting& setting) {
  const Function f = [](const std::vector<Array>& a) -> std::vector<Array> {
    const auto length = [](const Array& rows) { return sqrt(sum(square(rows), 1)); };
    const Array of_query = expand_dims(length(a[1]), 1);
    return {top_k(matmul(a[1], a[0].T()) / length(a[0]) / of_query, 10, 1).values};
  };
  const std::vector<Array> arguments = {uniform(kInputs, {setting.m, 128}),
                                        uniform(kMore, {queries, 128})};
  return std::make_unique<Evaluation>(f, arguments, std::vector<int>{0, -1},
                                      2.0 * 128 * queries * static_cast<double>(setting.m));
}

std::unique_ptr<Workload> product(const Setting& setting) {
  const Function f = [](const std::vector<Array>& a) -> std::vector<Array> {
    return {matmul(a[0], a[1])};
  };
  const Shape square = {setting.m, setting.m};
  const std::vector<Array> arguments = {uniform(kInputs, square), uniform(kMore, square)};
  const auto n = static_cast<double>(setting.m);
  return std::make_unique<Evaluation>(f, arguments, std::vector<int>{}, 2 * n * n * n);
}

const WorkloadRow kWorkloads[] = {
    {"forward_rows", "a network's outputs; samples are rows", forward<Layout::rows>},
    {"forward_columns", "the same; samples are columns", forward<Layout::columns>},
    {"training_rows", "a full-batch epoch; samples are rows", training<Layout::rows>},
    {"training_columns", "the same; samples are columns", training<Layout::columns>},
    {"normalised", "an epoch of dense layers normalised over the batch", normalised},
    {"untuned", "an epoch of 77 → 48 → 24 → 3: layer normalisation, gelu, a penalty", untuned},
    {"textbook", "100 epochs of 2 → 10 tanh → 1 sigmoid, the cost each time",
     textbook<DType::float32>},
    {"textbook_float64", "the same in float64", textbook<DType::float64>},
    {"tanh", "of m numbers", elementwise<tanh>},
    {"exp", "of m numbers", elementwise<exp>},
    {"standardised_rows", "50 features less their means, by their deviations; samples are rows",
     standardised<Layout::rows>},
    {"standardised_columns", "the same; samples are columns", standardised<Layout::columns>},
    {"nearest_1", "the 10 nearest of m rows of 128 features, by cosine, to a query", nearest<1>},
    {"nearest_16", "to each of 16 queries", nearest<16>},
    {"nearest_256", "to each of 256 queries", nearest<256>},
    {"product", "of two m × m matrices", product},
};

}  // namespace

std::span<const WorkloadRow> workloads() { return kWorkloads; }

}  // namespace lanewise::bench
