#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lanewise/error.h"
#include "lanewise/nn.h"
#include "lanewise/ops.h"

namespace lanewise::nn {
namespace {

using testing::DoubleNear;
using testing::HasSubstr;
using testing::Pointwise;
using testing::ThrowsMessage;

std::vector<Array> values(const std::vector<Parameter>& parameters) {
  std::vector<Array> arrays;
  for (const Parameter& p : parameters) arrays.push_back(p.value);
  return arrays;
}

std::vector<Array> transposed(const std::vector<Array>& parameters) {
  std::vector<Array> arrays;
  for (const Array& p : parameters)
    arrays.push_back(p.rank() == 2 ? p.T() : p.reshape({p.size(), 1}));
  return arrays;
}

double spread(const Array& x) { return std(x).item(); }

TEST(Dense, IsXWPlusB) {
  const Array X = array({{1, 2}, {3, 4}, {5, 6}});
  const std::vector<Array> parameters = {array({{1, 0, 2}, {0, 1, 3}}), array({10, 20, 30})};
  const Array Z = Sequential(2, {dense(3)})(parameters, X);
  EXPECT_EQ(Z.to_vector<double>(), (std::vector<double>{11, 22, 38, 13, 24, 48, 15, 26, 58}));
}

TEST(Sequential, SamplesAsColumnsAreTheTranspose) {
  const std::vector<LayerPtr> layers = {dense(5, Activation::tanh), dense(4),
                                        activation(Activation::softmax)};
  const Sequential rows(3, layers), columns(3, layers, Layout::columns);
  Generator generator(1);
  const auto parameters = values(rows.init(generator, Init::he, DType::float64));
  const Array X = generator.randn({7, 3});
  const Array A = columns(transposed(parameters), X.T());
  EXPECT_EQ(A.shape(), (Shape{4, 7}));
  EXPECT_THAT(A.T().to_vector<double>(),
              Pointwise(DoubleNear(1e-14), rows(parameters, X).to_vector<double>()));
}

TEST(Sequential, CountsAndNamesItsParameters) {
  const Sequential network(3, {dense(5, Activation::relu), dropout(0.5), dense(2)});
  std::string names;
  for (const ParameterShape& p : network.parameter_shapes())
    names += p.name + to_string(p.shape) + " ";
  EXPECT_EQ(names, "0.weight(3, 5) 0.bias(5,) 2.weight(5, 2) 2.bias(2,) ");
  EXPECT_EQ(network.parameter_count(), 3 * 5 + 5 + 5 * 2 + 2);
  EXPECT_THAT(network.summary(), HasSubstr("Dense(5, relu)"));
  const Sequential deep(3, {residual({dense(128, Activation::relu), dense(3)})});
  EXPECT_THAT(deep.summary(), HasSubstr("Residual(Dense(128, relu), Dense(3))  (m, 3) "));
  EXPECT_THROW(network({}, ones({1, 3})), ValueError);
}

TEST(Sequential, IsReadBackFromItsText) {
  const Sequential network(
      3, {dense(5, Activation::gelu), dropout(0.25), activation(Activation::silu), dense(2)},
      Layout::columns);
  const Sequential again = Sequential::from_json(network.to_json());
  EXPECT_EQ(again.to_json(), network.to_json());
  EXPECT_EQ(again.layout(), Layout::columns);
  EXPECT_THAT([] { layer_from_json(R"({"type": "convolution"})"); },
              ThrowsMessage<DataError>(HasSubstr("convolution")));
}

TEST(Activations, FollowTheirFormulas) {
  const Array z = array({-2, -0.5, 0, 1, 3}, DType::float64);
  const auto expect = [&](Activation activation, double (*formula)(double)) {
    std::vector<double> expected;
    for (double x : z.to_vector<double>()) expected.push_back(formula(x));
    EXPECT_THAT(activate(activation, z).to_vector<double>(), Pointwise(DoubleNear(1e-14), expected))
        << name(activation);
  };
  expect(Activation::identity, [](double x) { return x; });
  expect(Activation::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); });
  expect(Activation::tanh, [](double x) { return std::tanh(x); });
  expect(Activation::relu, [](double x) { return std::max(x, 0.0); });
  expect(Activation::leaky_relu, [](double x) { return x > 0 ? x : 0.01 * x; });
  expect(Activation::gelu, [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); });
  expect(Activation::silu, [](double x) { return x / (1 + std::exp(-x)); });
}

TEST(Dropout, IsTheIdentityOutsideTraining) {
  const Sequential network(4, {dropout(0.5)});
  const Array X = ones({10, 4});
  EXPECT_EQ(network({}, X).to_vector<double>(), X.to_vector<double>());
}

TEST(Dropout, ZeroesItsShareAndScalesTheRest) {
  const Sequential network(100, {dropout(0.25)});
  const Array A = network.apply({}, ones({200, 100}), true, Array(int64_t{3}));
  int64_t zeros = 0;
  for (double a : A.to_vector<double>()) {
    zeros += a == 0;
    EXPECT_TRUE(a == 0 || std::abs(a - 4.0 / 3) < 1e-6) << a;
  }
  EXPECT_NEAR(static_cast<double>(zeros) / 20000, 0.25, 0.02);
}

TEST(Dropout, DrawsAnewForEveryKeyAndLayer) {
  const Sequential one(50, {dropout(0.5)}), two(50, {dropout(0.5), dropout(0.5)});
  const auto kept = [](const Sequential& network, int64_t key) {
    const Array A = network.apply({}, ones({20, 50}), true, Array(key));
    return sum(astype(A != 0.0, DType::float64)).item();
  };
  const auto mask = [&](int64_t key) {
    return one.apply({}, ones({20, 50}), true, Array(key)).to_vector<double>();
  };
  EXPECT_EQ(mask(1), mask(1));
  EXPECT_NE(mask(1), mask(2));
  EXPECT_NEAR(kept(two, 1) / 1000, 0.25, 0.06);  // one mask used twice would keep half
}

TEST(Dropout, RefusesARateOfOne) {
  EXPECT_THAT([] { dropout(1); }, ThrowsMessage<ValueError>(HasSubstr("rate is 1")));
}

TEST(Init, DrawsAtTheScaleThatItsNameSays) {
  const auto first = [](Init init) {
    Generator generator(5);
    return values(Sequential(400, {dense(100)}).init(generator, init, DType::float64));
  };
  EXPECT_NEAR(spread(first(Init::normal_001)[0]), 0.01, 2e-4);
  EXPECT_NEAR(spread(first(Init::xavier)[0]), std::sqrt(2.0 / 500), 1e-3);
  EXPECT_NEAR(spread(first(Init::he)[0]), std::sqrt(2.0 / 400), 1e-3);
  EXPECT_EQ(max(abs(first(Init::he)[1])).item(), 0);
  for (const Array& p : first(Init::uniform_fan_in)) {
    EXPECT_LE(max(abs(p)).item(), 0.05);
    EXPECT_NEAR(spread(p), 0.05 / std::sqrt(3.0), 3e-3);
  }
}

}  // namespace
}  // namespace lanewise::nn
