#include <gmock/gmock.h>

#include "lanewise/error.h"
#include "nn/golden.h"
#include "nn/layer_checks_test.h"

namespace lanewise::nn {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

std::vector<double> list(const nlohmann::json& values) { return values.get<std::vector<double>>(); }
Array vector(const nlohmann::json& values) {
  return array(list(values), {static_cast<int64_t>(values.size())});
}
Array matrix(const nlohmann::json& values, int64_t columns) {
  return array(list(values), {static_cast<int64_t>(values.size()) / columns, columns});
}

Array sample_rows(int64_t rows, int64_t features) {
  Generator generator(4);
  return generator.randn({rows, features}) * 2 + 1;
}

// The slopes of weighed(network(p, x)) for p[0], p[1] and x.
void expect_slopes(const Sequential& network, const Arrays& p, const Array& X,
                   const nlohmann::json& golden) {
  const Arrays slopes =
      gradients(weighed(network.apply(p, X, true, Array(int64_t{0}))), Arrays{p[0], p[1], X});
  for (std::size_t i = 0; i < 3; ++i)
    expect_near(numbers({slopes[i]}), list(golden[i]), 1e-12, "slope " + std::to_string(i));
}

TEST(BatchNorm, IsPyTorchs) {
  const auto golden = golden_file("layers_torch.json")["batch_norm"];
  const Sequential network(3, {batch_norm(0.2)});
  Arrays p = first_parameters(network);
  p[0] = vector(golden["scale"]);
  p[1] = vector(golden["shift"]);
  const Array X1 = matrix(golden["X1"], 3), X2 = matrix(golden["X2"], 3), key(int64_t{0});
  const Sequential::Pass first = network.training_pass(p, X1, key);
  expect_near(numbers({first.output}), list(golden["training"]), 1e-12, "training");
  expect_slopes(network, p, X1, golden["slopes"]);
  p = network.training_pass(first.parameters, X2, key).parameters;
  expect_near(numbers({p[2]}), list(golden["moving"][0]), 1e-12, "moving mean");
  expect_near(numbers({p[3]}), list(golden["moving"][1]), 1e-12, "moving variance");
  expect_near(numbers({network(p, X1)}), list(golden["inference"]), 1e-12, "inference");
}

TEST(LayerNorm, IsPyTorchs) {
  const auto golden = golden_file("layers_torch.json")["layer_norm"];
  const Sequential network(4, {layer_norm()});
  const Arrays p = {vector(golden["scale"]), vector(golden["shift"])};
  const Array X = matrix(golden["X"], 4);
  expect_near(numbers({network(p, X)}), list(golden["output"]), 1e-12, "output");
  expect_slopes(network, p, X, golden["slopes"]);
}

TEST(BatchNorm, HoldsWhatEveryLayerMust) {
  check_layers(3, {batch_norm(), dense(2)}, sample_rows(7, 3));
  check_layers(1, {batch_norm(0.5, 1e-3)}, sample_rows(5, 1));
  check_many_rows(3, {dense(4, Activation::tanh), batch_norm(), dense(2)}, sample_rows(5000, 3));
}

TEST(LayerNorm, HoldsWhatEveryLayerMust) {
  check_layers(3, {layer_norm(), dense(2)}, sample_rows(7, 3));
  check_layers(1, {layer_norm()}, sample_rows(5, 1));
  check_many_rows(3, {dense(4, Activation::tanh), layer_norm(), dense(2)}, sample_rows(5000, 3));
}

// A last batch of one row would otherwise turn the variance to NaN.
TEST(BatchNorm, ABatchOfOneSampleMovesTheMeanAlone) {
  const Sequential network(2, {batch_norm(0.25)});
  const Arrays p = {array({2, 3}), array({5, 7}), array({0, 1}), array({4, 9})};
  const Sequential::Pass pass = network.training_pass(p, array({{8, 1}}), Array(int64_t{0}));
  EXPECT_EQ(numbers({pass.output}), (std::vector<double>{5, 7}));
  EXPECT_EQ(numbers({pass.parameters[2]}), (std::vector<double>{2, 1}));
  EXPECT_EQ(numbers({pass.parameters[3]}), (std::vector<double>{4, 9}));
}

TEST(BatchNorm, LeavesStatisticsWithoutSlopeAndDecay) {
  const Sequential network(3, {dense(2), batch_norm()});
  const auto loss = [&](const Arrays& p) {
    return mean(square(network.apply(p, sample_rows(6, 3), true, Array(int64_t{0}))));
  };
  const Arrays slopes = grad(loss, {4, 5})(first_parameters(network));
  EXPECT_EQ(numbers(slopes), std::vector<double>(4, 0));
  EXPECT_EQ(decay_factors(network), (std::vector<double>{1, 1, 1, 1, 0, 0}));
  EXPECT_EQ(decay_factors(network, 0), (std::vector<double>{1, 0, 0, 0, 0, 0}));
}

TEST(BatchNorm, InferenceLeavesTheParametersAlone) {
  const Sequential network(3, {batch_norm()});
  const Arrays p = first_parameters(network);
  const Array X = sample_rows(4, 3);
  expect_near(numbers({network(p, X)}), numbers({X / std::sqrt(1 + 1e-5)}), 1e-14, "first values");
}

TEST(Normalization, OptionsOutOfRangeAreNamed) {
  EXPECT_THAT([] { batch_norm(1.5); },
              ThrowsMessage<ValueError>("batch_norm: momentum is 1.5, expected 0 ≤ momentum ≤ 1"));
  EXPECT_THAT([] { layer_norm(0); },
              ThrowsMessage<ValueError>("layer_norm: epsilon is 0, expected a number > 0"));
  EXPECT_THAT([] { layer_from_json(R"({"type": "batch_norm", "momentum": 2, "epsilon": 1})"); },
              ThrowsMessage<DataError>(HasSubstr("momentum is 2")));
}

}  // namespace
}  // namespace lanewise::nn
