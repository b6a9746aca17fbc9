#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "array/testing.h"
#include "lanewise/ops.h"
#include "lanewise/optim.h"
#include "lanewise/runtime.h"
#include "nn/golden.h"

namespace lanewise {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

std::vector<double> five_steps(const OptimizerOptions& options, int steps, DType dtype) {
  std::vector<Array> parameters = {array({0.5, -1, 2}, dtype), array({3}, dtype)};
  std::vector<Array> state = optimizer_state(options, parameters);
  for (int t = 1; t <= steps; ++t) {
    const std::vector<Array> g = {cos(arange(0, 3, 1, dtype) + t), cos(arange(3, 4, 1, dtype) + t)};
    const auto update = optimizer_update(options, parameters, g, state, options.learning_rate, t);
    parameters = update.parameters;
    state = update.state;
  }
  return concatenate(parameters).to_vector<double>();
}

OptimizerOptions options_of(const nlohmann::json& entry) {
  OptimizerOptions o;
  o.kind = optimizer_from_name(entry.at("kind").get<std::string>());
  o.learning_rate = entry.value("learning_rate", 0.1);
  o.momentum = entry.value("momentum", o.momentum);
  o.dampening = entry.value("dampening", o.dampening);
  o.nesterov = entry.value("nesterov", o.nesterov);
  o.amsgrad = entry.value("amsgrad", o.amsgrad);
  o.epsilon = entry.value("epsilon", o.epsilon);
  o.alpha = entry.value("alpha", o.alpha);
  o.centered = entry.value("centered", o.centered);
  o.rmsprop_momentum = entry.value("rmsprop_momentum", o.rmsprop_momentum);
  o.weight_decay = entry.value("weight_decay", o.weight_decay);
  o.clip_norm = entry.value("clip_norm", o.clip_norm);
  return o;
}

void compare_with_golden(DType dtype, double tolerance) {
  const auto golden = golden_file("optimizers_textbook.json");
  for (const auto& entry : golden["cases"]) {
    const auto result = five_steps(options_of(entry), golden["steps"], dtype);
    for (std::size_t k = 0; k < result.size(); ++k)
      EXPECT_NEAR(result[k], entry["result"][k], tolerance) << entry["kind"] << " element " << k;
  }
}

TEST(Optimizer, FollowsPyTorchsFormulas) { compare_with_golden(DType::float64, 1e-10); }

TEST(Optimizer, StaysInFloat32) { compare_with_golden(DType::float32, 2e-5); }

// ---- 1,000 steps beside PyTorch: tests/golden/make_optimizers_torch.py ----

Array matrix(const nlohmann::json& rows) {
  std::vector<double> values;
  for (const auto& row : rows)
    for (double x : row) values.push_back(x);
  const auto m = static_cast<int64_t>(rows.size());
  return array(values, {m, static_cast<int64_t>(values.size()) / m});
}
Array matrix_or_vector(const nlohmann::json& values) {
  if (values[0].is_array()) return matrix(values);
  return array(values.get<std::vector<double>>(), {static_cast<int64_t>(values.size())});
}

// State: W1, b1, W2, b2 and their moments.
Session::Step descent(const OptimizerOptions& options) {
  return [options](const std::vector<Array>& state, const std::vector<Array>& batch,
                   const std::vector<Array>& scalars) {
    const std::vector<Array> p(state.begin(), state.begin() + 4);
    const std::vector<Array> moments(state.begin() + 4, state.end());
    const Array A = sigmoid(matmul(sigmoid(matmul(batch[0], p[0]) + p[1]), p[2]) + p[3]);
    const Array loss = mean(square(A - batch[1]));
    auto [next, next_moments] = optimizer_update(options, p, gradients(loss, p), moments,
                                                 Array(options.learning_rate), scalars[0]);
    next.insert(next.end(), next_moments.begin(), next_moments.end());
    return Session::Result{next, {loss}};
  };
}

void follow(const nlohmann::json& golden, const nlohmann::json& golden_case) {
  const OptimizerOptions options = options_of(golden_case["options"]);
  options.validate();
  std::vector<Array> state;
  for (const auto& p : golden["start"]) state.push_back(matrix_or_vector(p));
  for (const Array& moment : optimizer_state(options, state)) state.push_back(moment);
  Session session(descent(options), state);
  const std::vector<Array> data = {matrix(golden["X"]), matrix(golden["Y"])};
  const auto step_number = [](int64_t step) {
    return std::vector<double>{static_cast<double>(step)};
  };
  for (std::size_t k = 0; k < golden["steps"].size(); ++k) {
    double loss = 0;
    while (session.steps() < golden["steps"][k].get<int64_t>())
      loss = session.run(data, {}, step_number)[0] / 8;
    EXPECT_NEAR(loss, golden_case["losses"][k], 1e-10) << "loss of step " << session.steps();
  }
  std::size_t k = 0;
  const std::vector<Array> last = session.state();
  for (std::size_t i = 0; i < 4; ++i)
    for (double value : last[i].to_vector<double>())
      EXPECT_NEAR(value, golden_case["parameters"][k++], 1e-9) << "parameter array " << i;
}

class BesidePyTorch : public testing::TestWithParam<std::string> {
 private:
  const WithExecutor with_{GetParam()};
};

TEST_P(BesidePyTorch, EveryOptimizerFollowsForAThousandSteps) {
  const auto golden = golden_file("optimizers_torch.json");
  EXPECT_EQ(golden["cases"].size(), 18u);
  for (const auto& golden_case : golden["cases"]) {
    SCOPED_TRACE(golden_case["options"].dump());
    follow(golden, golden_case);
  }
}

INSTANTIATE_TEST_SUITE_P(Executors, BesidePyTorch, testing::Values("loop", "vectorized", "fused"));

TEST(Optimizer, StateIsMomentsByParameter) {
  const std::vector<Array> parameters = {zeros({2, 3}), zeros({4})};
  OptimizerOptions options;
  EXPECT_EQ(optimizer_state(options, parameters).size(), 4u);
  EXPECT_EQ(optimizer_state(options, parameters)[1].shape(), (Shape{2, 3}));
  options.amsgrad = true;
  EXPECT_EQ(optimizer_state(options, parameters).size(), 6u);
  options.kind = OptimizerKind::sgd;
  EXPECT_TRUE(optimizer_state(options, parameters).empty());
}

TEST(Optimizer, FactorsSayWhichParametersDecay) {
  for (const OptimizerKind kind : {OptimizerKind::sgd, OptimizerKind::adamw}) {
    OptimizerOptions options;
    options.kind = kind;
    options.weight_decay = 0.5;
    options.decay_factors = {1, 0, 0.5};
    const std::vector<Array> p(3, ones({2})), g(3, zeros({2}));
    const auto next = optimizer_update(options, p, g, optimizer_state(options, p), 0.1, 1);
    EXPECT_NEAR(next.parameters[0][0].item(), 0.95, 1e-6);
    EXPECT_EQ(next.parameters[1][0].item(), 1);
    EXPECT_NEAR(next.parameters[2][0].item(), 0.975, 1e-6);
    options.decay_factors = {1};
    EXPECT_THAT([&] { optimizer_update(options, p, g, optimizer_state(options, p), 0.1, 1); },
                ThrowsMessage<ValueError>(HasSubstr("1 decay_factors for 3 parameters")));
  }
}

TEST(Optimizer, RefusesWhatHasAnotherShapeThanTheParameter) {
  OptimizerOptions options;
  options.kind = OptimizerKind::adam;
  const std::vector<Array> p = {ones({3}), ones({2, 1})}, wrong = {ones({3}), ones({2})};
  const auto says = [](std::string_view text) {
    return ThrowsMessage<ShapeError>(HasSubstr(std::string(text)));
  };
  const std::vector<Array> state = optimizer_state(options, p);
  EXPECT_THAT([&] { optimizer_update(options, p, wrong, state, 0.1, 1); },
              says("parameter 1 has shape (2, 1), but its gradient (2,)"));
  EXPECT_THAT([&] { optimizer_update(options, p, p, optimizer_state(options, wrong), 0.1, 1); },
              says("parameter 1 has shape (2, 1), but an array of its state (2,)"));
}

// v − a² of equal gradients is zero but for rounding, which must not make it negative.
TEST(Optimizer, CenteredSurvivesConstantGradients) {
  OptimizerOptions options;
  options.kind = OptimizerKind::rmsprop;
  options.centered = true;
  options.alpha = 0.5;
  std::vector<Array> p = {array({1, 1, 1, 1})};
  const std::vector<Array> g = {array({0.1, 0.3, 0.7, 1.1})};
  std::vector<Array> state = optimizer_state(options, p);
  for (int t = 1; t <= 100; ++t) {
    const auto next = optimizer_update(options, p, g, state, 1e-9, t);
    p = next.parameters;
    state = next.state;
  }
  EXPECT_EQ(any(isnan(p[0])).item(), 0);
}

TEST(Optimizer, WithoutDecayMomentsForgetLargeGradients) {
  OptimizerOptions options;
  options.beta1 = options.beta2 = 0;
  const std::vector<Array> p = {ones({1})};
  std::vector<Array> state = optimizer_state(options, p);
  for (const float g : {1e6f, 1e-3f})
    state = optimizer_update(options, p, std::vector{ones({1}) * g}, state, 1e-3, 1.0).state;
  EXPECT_EQ(state[0].item(), 1e-3f);
  EXPECT_EQ(state[1].item(), 1e-3f * 1e-3f);
}

TEST(Optimizer, RefusesMissingGradients) {
  const std::vector<Array> p = {zeros({2})};
  EXPECT_THAT([&] { optimizer_update({}, p, {}, {}, 0.1, 1); },
              ThrowsMessage<ValueError>(HasSubstr("0 gradients for 1 parameters")));
}

TEST(Optimizer, NamesAreKnownBothWays) {
  EXPECT_EQ(name(optimizer_from_name("adamw")), "adamw");
  EXPECT_THAT(
      [] { optimizer_from_name("adamax"); },
      ThrowsMessage<ValueError>(
          "unknown optimizer 'adamax'; known: sgd, momentum, adam, adamw, rmsprop, adagrad"));
}

TEST(Optimizer, OptionsOutOfRangeAreNamed) {
  OptimizerOptions options;
  options.learning_rate = -0.5;
  EXPECT_THAT([&] { options.validate(); },
              ThrowsMessage<ValueError>("learning_rate is -0.5, expected a number > 0"));
  options = {};
  options.beta2 = 1;
  EXPECT_THAT([&] { options.validate(); }, ThrowsMessage<ValueError>(HasSubstr("beta2 is 1")));
  options = {};
  options.nesterov = true;
  options.dampening = 0.1;
  EXPECT_THAT([&] { options.validate(); },
              ThrowsMessage<ValueError>("dampening is 0.1, expected 0 with nesterov"));
  options = {};
  options.alpha = 1.5;
  EXPECT_THAT([&] { options.validate(); },
              ThrowsMessage<ValueError>("alpha is 1.5, expected 0 ≤ alpha < 1"));
  options = {};
  options.rmsprop_momentum = -1;
  EXPECT_THAT([&] { options.validate(); },
              ThrowsMessage<ValueError>(HasSubstr("rmsprop_momentum is -1")));
  options = {};
  options.decay_factors = {1, -2};
  EXPECT_THAT([&] { options.validate(); },
              ThrowsMessage<ValueError>("decay_factors is -2, expected numbers ≥ 0"));
  options = {};
  options.schedule = ScheduleKind::cosine;
  options.warmup_steps = 5;
  options.total_steps = 3;
  EXPECT_THAT([&] { options.validate(); },
              ThrowsMessage<ValueError>(
                  "warmup_steps is 5, expected less than 3, the steps after which the rate is 0"));
  options = {};
  options.learning_rate = std::nan("");
  EXPECT_THROW(options.validate(), ValueError);
}

TEST(Schedule, WarmsUpThenFallsToZero) {
  OptimizerOptions options;
  options.learning_rate = 2;
  EXPECT_EQ(learning_rate_at(options, 1000), 2);
  options.schedule = ScheduleKind::cosine;
  options.warmup_steps = 10;
  options.total_steps = 110;
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 5), 1);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 10), 2);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 60), 1);
  EXPECT_NEAR(learning_rate_at(options, 110), 0, 1e-15);
  EXPECT_NEAR(learning_rate_at(options, 200), 0, 1e-15);
}

}  // namespace
}  // namespace lanewise
