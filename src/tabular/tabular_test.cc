#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <thread>

#include "lanewise/error.h"
#include "lanewise/ops.h"
#include "lanewise/tabular.h"
#include "tabular/target.h"

namespace lanewise {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Number `a`, category `b` and a target that follows from both.
std::string csv(int rows, const std::function<std::string(double a, int b)>& target) {
  Generator generator(3);
  std::string text = "a,b,y\n";
  for (int i = 0; i < rows; ++i) {
    const double a = generator.uniform() - 0.5;
    text += std::to_string(a) + "," + "pqr"[i % 3] + "," + target(a, i % 3) + "\n";
  }
  return text;
}

Table two_classes(int rows = 240) {
  return parse_csv(csv(rows, [](double a, int b) { return a + 0.2 * b > 0.2 ? "yes" : "no"; }));
}

TrainOptions options(int epochs = 5) {
  TrainOptions o;
  o.target = "y";
  o.epochs = epochs;
  o.folds = 2;
  return o;
}

struct Recognised {
  Task task;
  std::vector<std::string> classes;
  bool operator==(const Recognised&) const = default;
};
void PrintTo(const Recognised& r, std::ostream* out) {
  *out << name(r.task) << " " << testing::PrintToString(r.classes);
}

Recognised target_of(const std::string& values, std::optional<Task> task = {}) {
  const TargetInfo info = recognize_target(parse_csv("y\n" + values), "y", task);
  return {info.task, info.classes};
}

std::string repeated(const std::string& lines, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += lines;
  return text;
}

std::string counting(int rows, double step) {
  std::string text;
  for (int i = 0; i < rows; ++i) text += std::to_string(step * i * i) + "\n";
  return text;
}

TEST(Target, TheTaskIsRecognised) {
  EXPECT_EQ(target_of("no\nyes\nno\n"), (Recognised{Task::binary, {"no", "yes"}}));
  EXPECT_EQ(target_of(repeated("1\n0\n", 20)), (Recognised{Task::binary, {"0", "1"}}));
  EXPECT_EQ(target_of(repeated("c\na\nb\n", 20)), (Recognised{Task::multiclass, {"a", "b", "c"}}));
  EXPECT_EQ(target_of(repeated("10\n9\n2\n", 20)),
            (Recognised{Task::multiclass, {"2", "9", "10"}}));
  EXPECT_EQ(target_of(counting(100, 0.37)), (Recognised{Task::regression, {}}));
}

TEST(Target, TheTaskCanBeTold) {
  EXPECT_EQ(target_of(repeated("1\n2\n3\n", 20), Task::regression),
            (Recognised{Task::regression, {}}));
  EXPECT_THAT([] { target_of("a\nb\n", Task::regression); },
              ThrowsMessage<DataError>(HasSubstr("'y'")));
}

TEST(Train, TheSameSeedGivesTheSameWeights) {
  const Table table = two_classes();
  const auto weights = [&](uint32_t seed) {
    TrainOptions o = options(2);
    o.seed = seed;
    return train(table, o).model.parameters()[0].to_vector<float>();
  };
  EXPECT_EQ(weights(0), weights(0));
  EXPECT_NE(weights(0), weights(1));
}

// What the test rows hold must not show in the preprocessing.
TEST(Train, SeveralAtOnceGiveWhatEachGivesAlone) {
  const Table table = two_classes();
  std::vector<TrainOptions> all(3, options(4));
  all[1].hidden = {8};
  all[1].optimizer.learning_rate = 0.01;
  all[2].dropout = 0.3;
  all[2].epochs = 6;
  std::vector<int64_t> parameters;
  for (TrainOptions& o : all)
    o.on_start = [&](const TrainPlan& plan) {
      parameters.push_back(plan.network->parameter_count());
    };
  const std::vector<TrainResult> together = train(table, all);
  ASSERT_EQ(together.size(), 3u);
  ASSERT_EQ(parameters.size(), 3u);
  EXPECT_LT(parameters[1], parameters[0]);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const TrainResult alone = train(table, all[i]);
    EXPECT_EQ(together[i].model.metrics(), alone.model.metrics());
    for (std::size_t p = 0; p < alone.model.parameters().size(); ++p)
      EXPECT_EQ(together[i].model.parameters()[p].to_vector<float>(),
                alone.model.parameters()[p].to_vector<float>());
  }
  all[2].seed = 1;
  EXPECT_FALSE(share_batches(all[0], all[2]));
  EXPECT_THAT([&] { train(table, all); },
              ThrowsMessage<ValueError>(HasSubstr("share their batches")));
}

TEST(Train, PreprocessingSeesTrainingRowsOnly) {
  const Table table = two_classes();
  TrainOptions o = options(1);
  o.test_fraction = 0.2;
  const TrainResult before = train(table, o);
  Table changed = table;
  const Split split =
      split_rows(table.rows, 0.2, 0, read_target(table, before.model.target()).classes);
  for (const int64_t row : split.held_out)
    changed.columns[0].numbers[static_cast<std::size_t>(row)] = 1e6;
  const TrainResult after = train(changed, o);
  EXPECT_EQ(before.plan.test_rows, static_cast<int64_t>(split.held_out.size()));
  EXPECT_EQ(before.model.preprocessor().to_json(), after.model.preprocessor().to_json());
}

TEST(Train, SaysWhatItWillDo) {
  TrainOptions o = options(1);
  o.test_fraction = 0.25;
  o.hidden = {7};
  const TrainResult result = train(two_classes(), o);
  const TrainPlan& plan = result.plan;
  EXPECT_EQ(plan.train_rows + plan.validation_rows + plan.test_rows, 240);
  EXPECT_EQ(plan.features, 4);  // a, and three categories
  EXPECT_EQ(plan.network->parameter_count(), 4 * 7 + 7 + 7 + 1);
}

class Trained : public testing::Test {
 protected:
  const Table table_ = two_classes();
  const Model model_ = train(table_, options(20)).model;
  const std::string path_ = testing::TempDir() + "lanewise_tabular.safetensors";
  void TearDown() override { std::filesystem::remove(path_); }
};

TEST_F(Trained, AModelComesBackFromItsFile) {
  model_.save(path_);
  const Model again = Model::load(path_);
  EXPECT_EQ(again.predict(table_).values, model_.predict(table_).values);
  EXPECT_EQ(again.to_json(), model_.to_json());
}

TEST_F(Trained, ARowAloneHasTheBitsItHasInABatch) {
  const Array x = model_.preprocessor().transform(table_);
  const auto features = x.to_vector<float>();
  const int64_t n = model_.features();
  std::vector<float> all(static_cast<std::size_t>(2 * table_.rows));
  model_.predict_into(features.data(), n, 1, table_.rows, all.data());
  for (int64_t i = 0; i < table_.rows; ++i) {
    float alone[2];
    model_.predict_into(features.data() + i * n, n, 1, 1, alone);
    EXPECT_EQ(alone[0], all[static_cast<std::size_t>(2 * i)]) << i;
  }
}

TEST_F(Trained, FeaturesMayLieInColumns) {
  const Array x = model_.preprocessor().transform(table_);
  const auto rows = x.to_vector<float>(), columns = x.T().to_vector<float>();
  std::vector<float> a(static_cast<std::size_t>(2 * table_.rows)), b(a.size());
  model_.predict_into(rows.data(), model_.features(), 1, table_.rows, a.data());
  model_.predict_into(columns.data(), 1, table_.rows, table_.rows, b.data());
  EXPECT_EQ(a, b);
}

TEST_F(Trained, ManyThreadsPredictAtOnce) {
  const auto features = model_.preprocessor().transform(table_).to_vector<float>();
  const auto predict = [&] {
    std::vector<float> out(static_cast<std::size_t>(2 * table_.rows));
    model_.predict_into(features.data(), model_.features(), 1, table_.rows, out.data());
    return out;
  };
  const std::vector<float> expected = predict();
  std::vector<std::thread> threads;
  std::vector<std::vector<float>> results(8);
  for (std::vector<float>& result : results) threads.emplace_back([&] { result = predict(); });
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<float>& result : results) EXPECT_EQ(result, expected);
}

TEST_F(Trained, EvaluationCountsRowsWithoutAnAnswer) {
  int64_t dropped = 0;
  const Table table = parse_csv("a,b,y\n0.4,p,yes\n-0.4,p,no\n0.1,q,\n");
  const Metrics metrics = model_.evaluate(table, {}, &dropped);
  EXPECT_EQ(dropped, 1);
  EXPECT_EQ(metrics.at("accuracy"), 1);
}

TEST(Regression, AnswersInTheUnitsOfTheTarget) {
  const Table table =
      parse_csv(csv(300, [](double a, int) { return std::to_string(1e6 + 5000 * a); }));
  const Model model = train(table, options(60)).model;
  EXPECT_EQ(model.outputs(), 1);
  EXPECT_GT(model.evaluate(table).at("r2"), 0.95);
  EXPECT_NEAR(model.predict(table).values[0], 1e6, 3000);
}

// Unix seconds: float32 has steps of 128 of them.
TEST(Regression, ATargetFarFromZeroKeepsItsDigits) {
  const auto at = [](double offset) {
    TrainOptions o = options(30);
    o.task = Task::regression;
    return train(parse_csv(csv(400,
                               [&](double a, int b) {
                                 return fmt::format("{:.6f}", offset + 60 * a + 5 * b);
                               })),
                 o)
        .model;
  };
  const Metrics near = at(0).metrics().at("out_of_fold");
  const Metrics far = at(1.7e9).metrics().at("out_of_fold");
  EXPECT_GT(near.at("r2"), 0.9);
  EXPECT_NEAR(far.at("rmse"), near.at("rmse"), 1e-3 * near.at("rmse"));
}

TEST(Train, ATestTableIsCheckedBeforeTraining) {
  TrainOptions o = options();
  o.on_epoch = [](const nn::EpochReport&) { FAIL() << "trained"; };
  const auto refused = [&](const std::string& test) {
    const Table table = parse_csv(test);
    return [&o, table] { train(two_classes(), o, &table); };
  };
  EXPECT_THAT(refused("a,b,y\n1,p,maybe\n"), ThrowsMessage<DataError>(HasSubstr("'maybe'")));
  EXPECT_THAT(refused("a,y\n1,yes\n"), ThrowsMessage<DataError>(HasSubstr("called 'b'")));
  EXPECT_THAT(refused("a,b,y\nx,p,yes\n"), ThrowsMessage<DataError>(HasSubstr("holds 'x'")));
}

TEST(Prune, GoesOnWithTheObjectiveOfTraining) {
  TrainOptions o = options(2);
  o.loss_options.focus = 2;
  o.class_weights = {{"yes", 3}};
  const std::string path = testing::TempDir() + "objective.safetensors";
  train(two_classes(), o).model.save(path);
  const Model model = Model::load(path);
  std::filesystem::remove(path);
  PruneOptions how;
  how.epochs = 1;
  const Objective kept = prune(model, two_classes(), how).model.objective();
  EXPECT_EQ(kept.loss, nn::Loss::binary_cross_entropy);
  EXPECT_EQ(kept.options.focus, 2);
  EXPECT_EQ(kept.class_weights, (std::vector<double>{1, 3}));
}

}  // namespace
}  // namespace lanewise
