#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lanewise/ops.h"
#include "lanewise/optim.h"
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

OptimizerOptions options_of(const nlohmann::json& golden, const nlohmann::json& entry) {
  OptimizerOptions options;
  options.kind = optimizer_from_name(entry["kind"].get<std::string>());
  options.learning_rate = golden["learning_rate"];
  options.weight_decay = entry["weight_decay"];
  options.clip_norm = entry["clip_norm"];
  return options;
}

void compare_with_golden(DType dtype, double tolerance) {
  const auto golden = golden_file("optimizers_textbook.json");
  for (const auto& entry : golden["cases"]) {
    const auto result = five_steps(options_of(golden, entry), golden["steps"], dtype);
    for (std::size_t k = 0; k < result.size(); ++k)
      EXPECT_NEAR(result[k], entry["result"][k], tolerance) << entry["kind"] << " element " << k;
  }
}

TEST(Optimizer, FollowsPyTorchsFormulas) { compare_with_golden(DType::float64, 1e-10); }

TEST(Optimizer, StaysInFloat32) { compare_with_golden(DType::float32, 2e-5); }

TEST(Optimizer, StateIsMomentsByParameter) {
  const std::vector<Array> parameters = {zeros({2, 3}), zeros({4})};
  OptimizerOptions options;
  EXPECT_EQ(optimizer_state(options, parameters).size(), 4u);
  EXPECT_EQ(optimizer_state(options, parameters)[1].shape(), (Shape{2, 3}));
  options.kind = OptimizerKind::sgd;
  EXPECT_TRUE(optimizer_state(options, parameters).empty());
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
      ThrowsMessage<ValueError>("unknown optimizer 'adamax'; known: sgd, momentum, adam, adamw"));
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
