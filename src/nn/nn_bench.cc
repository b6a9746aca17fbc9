// What a plan costs and what its overhead is: planning deep networks, programs of tiny arrays,
// normalisation after every layer, epochs of small batches.
#include <benchmark/benchmark.h>

#include "lanewise/nn.h"
#include "lanewise/ops.h"
#include "lanewise/random.h"
#include "lanewise/runtime.h"

namespace lanewise {
namespace {

using Arrays = std::vector<Array>;

// loss(arguments), then each parameter after a step of gradient descent; X, y come first.
CompiledFunction descent(std::function<Array(const Arrays&)> loss) {
  return compile(
      [loss = std::move(loss)](const Arrays& a) {
        const Arrays parameters(a.begin() + 2, a.end());
        Arrays results = {loss(a)};
        const Arrays slopes = gradients(results[0], parameters);
        for (std::size_t i = 0; i < parameters.size(); ++i)
          results.push_back(parameters[i] - slopes[i] * 0.01);
        return results;
      },
      {{0, 0}});
}

// Trace, gradients, passes, plan and one run on four samples.
void first_call_of_10_layers(benchmark::State& state) {
  std::vector<nn::LayerPtr> layers(9, nn::dense(64, nn::Activation::tanh));
  layers.push_back(nn::dense(1));
  const nn::Sequential network(100, layers);
  Generator generator(1);
  Arrays arguments = {zeros({4, 100}), zeros({4, 1})};
  for (const auto& parameter : network.init(generator)) arguments.push_back(parameter.value);
  eval(arguments);
  for (auto _ : state) {
    const auto step = descent([&](const Arrays& a) {
      return nn::mean_squared_error(network(Arrays(a.begin() + 2, a.end()), a[0]), a[1]);
    });
    benchmark::DoNotOptimize(step(arguments));
  }
}
BENCHMARK(first_call_of_10_layers)->Unit(benchmark::kMillisecond);

void program_of_20_nodes_on_8_numbers(benchmark::State& state) {
  const auto f = compile([](const Arrays& a) -> Arrays {
    Array y = a[0];
    for (int i = 0; i < 10; ++i) y = (y + 1) * a[0];
    return {y};
  });
  const Arrays arguments = {ones({8}) * 0.5};
  eval(arguments);
  for (auto _ : state) benchmark::DoNotOptimize(f(arguments));
}
BENCHMARK(program_of_20_nodes_on_8_numbers)->Unit(benchmark::kMicrosecond);

// A training step of `depth` layers of 32 units, each with batch normalisation.
void layers_with_normalisation(benchmark::State& state) {
  constexpr int64_t kSamples = 200'000, kUnits = 32;
  const auto depth = static_cast<std::size_t>(state.range(0));
  random::seed(1);
  Arrays arguments = {astype(random::randn({kSamples, kUnits}), DType::float32),
                      astype(random::randn({kSamples, 1}), DType::float32)};
  for (std::size_t i = 0; i < depth; ++i) {
    arguments.push_back(astype(random::randn({kUnits, kUnits}), DType::float32) * 0.2);
    arguments.push_back(ones({1, kUnits}));
    arguments.push_back(zeros({1, kUnits}));
  }
  eval(arguments);
  const auto step = descent([depth](const Arrays& a) {
    Array x = a[0];
    for (std::size_t i = 0; i < depth; ++i) {
      const Array z = matmul(x, a[2 + 3 * i]);
      const Array scale = sqrt(var(z, 0, true) + 1e-5);
      x = tanh((z - mean(z, 0, true)) / scale * a[3 + 3 * i] + a[4 + 3 * i]);
    }
    return mean(square(mean(x, 1, true) - a[1]));
  });
  for (auto _ : state) benchmark::DoNotOptimize(step(arguments));
}
BENCHMARK(layers_with_normalisation)->DenseRange(1, 5)->Unit(benchmark::kMillisecond);

// An epoch of Adam in order, of several networks at once; the argument is the batch.
void mini_batches(benchmark::State& state, const nn::Sequential& network, nn::Loss loss,
                  int64_t samples, std::size_t members = 1) {
  random::seed(1);
  const Array x = astype(random::rand({samples, network.inputs()}), DType::float32) - 0.5;
  const Array y = loss == nn::Loss::softmax_cross_entropy
                      ? astype(random::rand({samples}) * network.outputs(), DType::int32)
                      : astype(sum(x, 1, true) > 0, DType::float32);
  eval(x, y);
  Generator generator(3);
  std::vector<Arrays> parameters(members);
  for (Arrays& own : parameters)
    for (const auto& parameter : network.init(generator)) own.push_back(parameter.value);
  nn::FitOptions options;
  options.loss = loss;
  options.epochs = 1;
  options.batch = state.range(0);
  options.shuffle = false;
  options.average_decay = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(nn::fit_ensemble(network, parameters, {x, y, {}}, nullptr, options));
}
template <std::size_t members>
void mini_batches_28_64_1(benchmark::State& state) {
  mini_batches(state, {28, {nn::dense(64, nn::Activation::relu), nn::dense(1)}},
               nn::Loss::binary_cross_entropy, 500'000, members);
}
void mini_batches_784_256_128_10(benchmark::State& state) {
  mini_batches(
      state,
      {784,
       {nn::dense(256, nn::Activation::relu), nn::dense(128, nn::Activation::relu), nn::dense(10)}},
      nn::Loss::softmax_cross_entropy, 60'000);
}
void mini_batches_28_256_128_1(benchmark::State& state) {
  mini_batches(
      state,
      {28,
       {nn::dense(256, nn::Activation::relu), nn::dense(128, nn::Activation::relu), nn::dense(1)}},
      nn::Loss::binary_cross_entropy, 50'000);
}
BENCHMARK(mini_batches_28_256_128_1)->Arg(64)->Arg(256)->Arg(1024)->Unit(benchmark::kMillisecond);
BENCHMARK(mini_batches_28_64_1<1>)->Arg(64)->Arg(256)->Arg(1024)->Unit(benchmark::kMillisecond);
BENCHMARK(mini_batches_28_64_1<8>)->Arg(256)->Unit(benchmark::kMillisecond);
BENCHMARK(mini_batches_784_256_128_10)->Arg(32)->Arg(128)->Arg(512)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lanewise
