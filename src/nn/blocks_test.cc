#include <gmock/gmock.h>

#include "lanewise/error.h"
#include "nn/layer_checks_test.h"

namespace lanewise::nn {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

Array sample_rows(int64_t rows, int64_t features) {
  Generator generator(4);
  return generator.randn({rows, features});
}

TEST(Residual, AddsItsInput) {
  const Sequential inner(3, {dense(5, Activation::tanh), dense(3)}),
      block(3, {residual(inner.layers())});
  const Arrays p = first_parameters(inner);
  const Array X = sample_rows(4, 3);
  EXPECT_EQ(numbers({block(p, X)}), numbers({X + inner(p, X)}));
  EXPECT_EQ(block.parameter_shapes()[1].name, "0.0.bias");
  EXPECT_EQ(block.layers()[0]->describe(), "Residual(Dense(5, tanh), Dense(3))");
}

TEST(Residual, HoldsWhatEveryLayerMust) {
  check_layers(3, {residual({layer_norm(), dense(4, Activation::tanh), dense(3)}), dense(2)},
               sample_rows(6, 3));
  check_layers(1, {residual({residual({dense(1)}), batch_norm()})}, sample_rows(5, 1));
  check_many_rows(3, {residual({batch_norm(), dense(4, Activation::relu), dense(3)}), dense(1)},
                  sample_rows(5000, 3));
}

TEST(Residual, StatisticsWithinItMove) {
  const Sequential network(2, {residual({batch_norm(0.5)})});
  const Arrays p = first_parameters(network);
  const auto pass = network.training_pass(p, array({{1, 2}, {3, 6}}), Array(int64_t{0}));
  expect_near(numbers({pass.parameters[2]}), {1, 2}, 1e-6, "moving mean");
}

// Masks within the block and after it differ.
TEST(Residual, NumbersTheLayersWithinIt) {
  const Sequential network(400, {residual({dropout(0.5)}), dropout(0.5)});
  const Array A = network.apply({}, ones({1, 400}), true, Array(int64_t{1}));
  int64_t four = 0, two_from_alone = 0;
  for (double a : A.to_vector<double>()) {
    four += a == 6;            // kept by both: (1 + 2) · 2
    two_from_alone += a == 2;  // kept by the second alone
  }
  EXPECT_NEAR(static_cast<double>(four), 100, 30);
  EXPECT_NEAR(static_cast<double>(two_from_alone), 100, 30);
}

TEST(Residual, MustKeepTheNumberOfFeatures) {
  EXPECT_THAT([] { Sequential(8, {residual({dense(4)})}); },
              ThrowsMessage<ValueError>(
                  "residual: its layers turn 8 features into 4; let the last one give 8, so that "
                  "the input can be added"));
  EXPECT_THAT([] { residual({nullptr}); }, ThrowsMessage<ValueError>(HasSubstr("null")));
}

TEST(Residual, FilesNestedTooDeepAreRefused) {
  constexpr int kDepth = 100'000;
  std::string text;
  for (int i = 0; i < kDepth; ++i) text += R"({"type": "residual", "layers": [)";
  for (int i = 0; i < kDepth; ++i) text += "]}";
  EXPECT_THAT([&] { layer_from_json(text); }, ThrowsMessage<DataError>(HasSubstr("64 deep")));
}

TEST(GroupedDense, IsADenseLayerForEachGroup) {
  const Sequential network(4, {grouped_dense(2, 1)});
  const Arrays p = {array(std::vector<double>{1, 2, 3, 4}, {2, 2, 1}),
                    array(std::vector<double>{10, 20}, {2, 1, 1})};
  const Array Z = network(p, array({{1, 1, 1, 1}, {1, 0, 0, 1}}, DType::float64));
  EXPECT_EQ(numbers({Z}), (std::vector<double>{13, 27, 11, 24}));
}

TEST(GroupedDense, HoldsWhatEveryLayerMust) {
  check_layers(6, {grouped_dense(3, 4, Activation::tanh), dense(2)}, sample_rows(5, 6));
  check_layers(1, {grouped_dense(1, 2, Activation::softmax)}, sample_rows(5, 1));
  check_many_rows(6, {grouped_dense(3, 4, Activation::tanh), dense(1)}, sample_rows(5000, 6));
}

TEST(GroupedDense, RefusesFeaturesThatDoNotMakeGroups) {
  EXPECT_THAT([] { Sequential(7, {grouped_dense(3, 2)}); },
              ThrowsMessage<ValueError>("grouped_dense: 7 features don't make 3 equal groups"));
  EXPECT_THAT([] { grouped_dense(0, 2); }, ThrowsMessage<ValueError>(HasSubstr("groups is 0")));
}

}  // namespace
}  // namespace lanewise::nn
