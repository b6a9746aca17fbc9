#include <gmock/gmock.h>

#include <numbers>

#include "lanewise/error.h"
#include "nn/layer_checks_test.h"

namespace lanewise::nn {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// A number, a category of 3, a number, a category of 2.
Array mixed(int64_t rows) {
  Generator generator(4);
  const Array x = generator.randn({rows, 2});
  const Array a = astype(generator.randint(0, 3, {rows, 1}), DType::float64);
  const Array b = astype(generator.randint(0, 2, {rows, 1}), DType::float64);
  return concatenate({x[{slice(), slice(0, 1)}], a, x[{slice(), slice(1, 2)}], b}, 1).eval();
}
const std::vector<EmbeddedColumn> kColumns = {{3, 2, 1}, {1, 3, 2}};

TEST(Embedding, ReplacesColumnsByVectors) {
  const Sequential network(4, {embedding(kColumns)});
  const Arrays p = {array({0.5, 0.25}).reshape({2, 1}), array({{1, 2}, {3, 4}, {5, 6}})};
  const Array A = network(p, array({{7, 2, 8, 0}, {9, 0, 10, 1}}));
  EXPECT_EQ(numbers({A}), (std::vector<double>{7, 8, 0.5, 5, 6, 9, 10, 0.25, 1, 2}));
  EXPECT_EQ(network.outputs(), 5);
  EXPECT_EQ(network.parameter_shapes()[1].name, "0.table_1");
}

TEST(Embedding, HoldsWhatEveryLayerMust) {
  check_layers(4, {embedding(kColumns), dense(2, Activation::tanh)}, mixed(6), false);
  check_layers(1, {embedding({{0, 3, 2}})}, array({0, 2, 2}, DType::float64).reshape({3, 1}),
               false);
  check_many_rows(4, {embedding(kColumns), dense(3, Activation::relu), dense(1)}, mixed(5000));
}

TEST(Embedding, UnknownCategoriesAreErrors) {
  const Sequential network(1, {embedding({{0, 3, 2}})});
  const Arrays p = first_parameters(network);
  for (double x : {3.0, -1.0, 1e30, std::nan("")})
    EXPECT_THROW(network(p, array({x}).reshape({1, 1})).eval(), IndexError) << x;
}

TEST(Embedding, StartsUniformAtTheScaleOfItsWidth) {
  const Array table = first_parameters(Sequential(1, {embedding({{0, 1000, 16}})}))[0];
  EXPECT_LE(max(abs(table)).item(), 0.25);
  EXPECT_NEAR(std(table).item(), 0.25 / std::sqrt(3.0), 3e-3);
}

TEST(Embedding, ColumnsThatCannotBeAreNamed) {
  EXPECT_THAT([] { embedding({}); }, ThrowsMessage<ValueError>(HasSubstr("no columns")));
  EXPECT_THAT(
      [] {
        embedding({{0, 3, 2}, {0, 3, 2}});
      },
      ThrowsMessage<ValueError>("embedding: column 0 is negative or named twice"));
  EXPECT_THAT(
      [] {
        embedding({{0, 0, 2}});
      },
      ThrowsMessage<ValueError>(HasSubstr("categories is 0")));
  EXPECT_THAT(
      [] {
        Sequential(4, {embedding({{4, 3, 2}})});
      },
      ThrowsMessage<ValueError>("embedding: column 4 of 4 features; they count from 0"));
}

TEST(PiecewiseLinear, FillsTheBinsBelowAndExtrapolatesOutside) {
  const Sequential network(2, {piecewise_linear({{0, 1, 3, 4}, {-1, 1}})});
  const Array A = network({}, array({{2, 0}, {-1, 2}, {6, -3}, {1, 1}}, DType::float64));
  EXPECT_EQ(numbers({A}), (std::vector<double>{1, 0.5, 0, 0.5,  //
                                               -1, 0, 0, 1.5,   //
                                               1, 1, 3, -1,     //
                                               1, 0, 0, 1}));
  EXPECT_EQ(network.layers()[0]->describe(), "PiecewiseLinear(2 features, 4 bins)");
}

TEST(PiecewiseLinear, HoldsWhatEveryLayerMust) {
  Generator generator(4);
  const LayerPtr layer = piecewise_linear({{-1, 0, 0.5, 2}, {0, 1}});
  check_layers(2, {layer, dense(3, Activation::tanh)}, generator.randn({6, 2}));
  check_layers(1, {piecewise_linear({{0, 1}})}, generator.randn({5, 1}));
  check_many_rows(2, {layer, grouped_dense(2, 3), dense(1)}, generator.randn({5000, 2}));
}

TEST(PiecewiseLinear, EdgesThatDoNotAscendAreRefused) {
  const auto message = ThrowsMessage<ValueError>(
      "piecewise_linear: feature 1 needs 2 or more edges, finite and ascending");
  EXPECT_THAT(([] { piecewise_linear({{0, 1}, {1, 1}}); }), message);
  EXPECT_THAT(([] { piecewise_linear({{0, 1}, {1}}); }), message);
  EXPECT_THAT(([] { piecewise_linear({{0, 1}, {0, std::nan("")}}); }), message);
  EXPECT_THAT(([] {
                Sequential(3, {piecewise_linear({{0, 1}})});
              }),
              ThrowsMessage<ValueError>(HasSubstr("edges of 1 features, but 3 come in")));
}

TEST(Periodic, IsSinesThenCosinesOfEachFeature) {
  const Sequential network(2, {periodic(2, 1)});
  const Arrays p = {array({{0.25, 1}, {0.5, 2}}, DType::float64)};
  const Array A = network(p, array({{0.5, 0.3}}, DType::float64));
  std::vector<double> expected;
  for (const auto& [x, c] : {std::pair{0.5, std::pair{0.25, 1.0}}, {0.3, {0.5, 2.0}}}) {
    const double first = 2 * std::numbers::pi * c.first * x,
                 second = 2 * std::numbers::pi * c.second * x;
    for (double e : {std::sin(first), std::sin(second), std::cos(first), std::cos(second)})
      expected.push_back(e);
  }
  expect_near(numbers({A}), expected, 1e-14, "waves");
}

TEST(Periodic, HoldsWhatEveryLayerMust) {
  Generator generator(4);
  check_layers(3, {periodic(2, 0.3), grouped_dense(3, 2, Activation::tanh)},
               generator.randn({5, 3}));
  check_layers(1, {periodic(1, 0.3)}, generator.randn({5, 1}));
  check_many_rows(3, {periodic(2, 0.3), grouped_dense(3, 2, Activation::relu), dense(1)},
                  generator.randn({5000, 3}));
  EXPECT_THAT([] { periodic(2, 0); },
              ThrowsMessage<ValueError>("periodic: sigma is 0, expected a number > 0"));
}

}  // namespace
}  // namespace lanewise::nn
