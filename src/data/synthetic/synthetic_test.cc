#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/testing.h"
#include "lanewise/error.h"
#include "lanewise/runtime.h"
#include "lanewise/synthetic.h"

namespace lanewise {
namespace {

SyntheticOptions of(int64_t samples, uint64_t seed = 1) {
  SyntheticOptions options;
  options.samples = samples;
  options.seed = seed;
  options.dimensions = 20;
  options.clusters = 300;
  return options;
}

// The bits of everything, so that missing values compare, too.
std::vector<uint32_t> bits(SyntheticSource& source, int64_t a_time) {
  std::vector<uint32_t> all;
  for (auto run = source.pull(a_time); run[0].shape(0) > 0; run = source.pull(a_time))
    for (float x : run[0].to_vector<float>()) all.push_back(std::bit_cast<uint32_t>(x));
  return all;
}

// Column by column.
std::vector<std::vector<float>> columns_of(SyntheticSource& source) {
  const std::vector<float> all = source.pull(*source.length())[0].to_vector<float>();
  const std::size_t n = source.columns().size();
  std::vector<std::vector<float>> columns(n);
  for (std::size_t i = 0; i < all.size(); ++i) columns[i % n].push_back(all[i]);
  return columns;
}

struct Moments {
  double mean = 0, deviation = 0, missing = 0;
};
Moments moments(const std::vector<float>& column) {
  double count = 0, sum = 0, squares = 0;
  for (double x : column)
    if (!std::isnan(x)) ++count, sum += x, squares += x * x;
  const double mean = sum / count;
  return {mean, std::sqrt(squares / count - mean * mean),
          1 - count / static_cast<double>(column.size())};
}

class EachKind : public testing::TestWithParam<SyntheticKind> {};

TEST_P(EachKind, HasTheSameBitsHoweverManyArePulledAndByAnyNumberOfThreads) {
  const auto source = synthetic_source(GetParam(), of(3000));
  const std::vector<uint32_t> whole = bits(*source, 3000);
  EXPECT_EQ(whole.size(), 3000 * source->columns().size());
  for (int threads : {1, 3})
    for (int64_t a_time : {77, 256, 1000}) {
      const WithThreads with(threads);
      source->reset();
      EXPECT_EQ(bits(*source, a_time), whole) << a_time << " a time, threads: " << threads;
    }
}

TEST_P(EachKind, GoesOnWhereAnotherSourceEnds) {
  const auto whole = synthetic_source(GetParam(), of(2000));
  const auto rest = [&] {
    SyntheticOptions options = of(700);
    options.first = 1300;
    return synthetic_source(GetParam(), options);
  }();
  whole->seek(1300);
  EXPECT_EQ(bits(*rest, 100), bits(*whole, 2000));
}

TEST_P(EachKind, DependsOnTheSeed) {
  EXPECT_NE(bits(*synthetic_source(GetParam(), of(300, 1)), 300),
            bits(*synthetic_source(GetParam(), of(300, 2)), 300));
}

INSTANTIATE_TEST_SUITE_P(Synthetic, EachKind,
                         testing::Values(SyntheticKind::circles, SyntheticKind::users,
                                         SyntheticKind::clicks, SyntheticKind::embeddings),
                         [](const auto& info) { return std::string(name(info.param)); });

TEST(Synthetic, CirclesHaveTheirRadii) {
  const auto source = synthetic_source(SyntheticKind::circles, of(20000));
  EXPECT_EQ(source->columns(), (std::vector<std::string>{"x1", "x2", "label"}));
  const auto columns = columns_of(*source);
  std::map<float, std::vector<float>> radii;
  for (std::size_t i = 0; i < columns[0].size(); ++i)
    radii[columns[2][i]].push_back(std::hypot(columns[0][i], columns[1][i]));
  ASSERT_EQ(radii.size(), 2u);
  EXPECT_NEAR(moments(radii[0]).mean, 1.005, 0.01);  // noise lengthens
  EXPECT_NEAR(moments(radii[1]).mean, 0.51, 0.01);
  EXPECT_NEAR(moments(columns[0]).mean, 0, 0.02);
  EXPECT_NEAR(moments(columns[2]).mean, 0.5, 0.02);
  EXPECT_FALSE(source->best_auc());
}

TEST(Synthetic, UsersAreSkewedOfDifferentScalesAndPartlyMissing) {
  const auto source = synthetic_source(SyntheticKind::users, of(40000));
  const std::vector<std::string> names = source->columns();
  ASSERT_EQ(names.size(), 51u);
  EXPECT_EQ(names.back(), "churned");
  const auto columns = columns_of(*source);
  const auto of_column = [&](const std::string& name) {
    return moments(columns[static_cast<std::size_t>(std::find(names.begin(), names.end(), name) -
                                                    names.begin())]);
  };
  EXPECT_NEAR(of_column("age").mean, 41, 0.3);
  EXPECT_NEAR(of_column("age").deviation, 13, 0.2);
  EXPECT_NEAR(of_column("age").missing, 0.02, 0.005);
  EXPECT_NEAR(of_column("tenure_months").mean, std::exp(2.9 + 0.9 * 0.9 / 2), 1);
  EXPECT_NEAR(of_column("rival_visits").missing, 0.5, 0.01);
  EXPECT_NEAR(of_column("plan_yearly").mean, 0.35, 0.01);
  EXPECT_EQ(of_column("schema_version").deviation, 0);
  EXPECT_NEAR(of_column("churned").mean, 0.3, 0.1);
  EXPECT_EQ(of_column("churned").missing, 0);
}

TEST(Synthetic, ClicksAreRare) {
  const auto columns = columns_of(*synthetic_source(SyntheticKind::clicks, of(60000)));
  ASSERT_EQ(columns.size(), 101u);
  EXPECT_NEAR(moments(columns.back()).mean, 0.03, 0.007);
}

TEST(Synthetic, TheBestAucIsThatOfSamplesPulled) {
  for (SyntheticKind kind : {SyntheticKind::users, SyntheticKind::clicks}) {
    const auto source = synthetic_source(kind, of(50000));
    EXPECT_FALSE(source->best_auc());
    source->pull(50000);
    const double all = source->best_auc().value();
    EXPECT_GT(all, 0.8) << name(kind);
    EXPECT_LT(all, 0.92) << name(kind);
    source->reset();
    source->pull(20000), source->pull(50000);
    EXPECT_EQ(source->best_auc(), all);
  }
}

TEST(Synthetic, EmbeddingsLieAroundTheirCentres) {
  const auto source = synthetic_source(SyntheticKind::embeddings, of(20000));
  EXPECT_FALSE(source->has_target());
  const auto columns = columns_of(*source);
  ASSERT_EQ(columns.size(), 20u);
  // Centres of deviation 1, drawn once, and noise of 0.3.
  EXPECT_NEAR(moments(columns[0]).deviation, std::hypot(1, 0.3), 0.15);
}

TEST(Synthetic, OptionsAreChecked) {
  const auto message = [](SyntheticOptions options) -> std::string {
    try {
      synthetic_source(SyntheticKind::circles, options);
    } catch (const ValueError& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(message(of(0)), "samples is 0, expected 1 or more");
  SyntheticOptions options = of(1);
  options.inner = 1;
  EXPECT_THAT(message(options), testing::HasSubstr("inner is 1, expected a radius between"));
  EXPECT_THROW(synthetic_kind_from_name("spirals"), ValueError);
}

}  // namespace
}  // namespace lanewise
