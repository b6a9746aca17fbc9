#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "lanewise/analysis.h"
#include "lanewise/data.h"
#include "lanewise/error.h"
#include "lanewise/ops.h"
#include "lanewise/random.h"
#include "lanewise/runtime.h"

namespace lanewise {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class Collect : public Sink {
 public:
  void push(std::span<const Array> samples) override { runs_.push_back(samples[0]); }
  void close() override {}
  Array all() const { return concatenate(runs_, 0); }

 private:
  std::vector<Array> runs_;
};

Array samples(int64_t rows, int64_t columns, DType dtype = DType::float32) {
  random::seed(3);
  return astype(random::randn({rows, columns}) * 3.0 + 5.0, dtype);
}

Array scaled(const Scaler& scaler, const Array& x, DType dtype = DType::float32) {
  const auto source = array_source({x});
  Collect collect;
  scaler.apply(*source, collect, dtype);
  return collect.all();
}

double largest_difference(const Array& a, const Array& b) { return max(abs(a - b)).item(); }

TEST(Scaler, StandardisesWithTheBitsOfTheExpression) {
  const Array x = samples(5000, 7);
  const Scaler scaler = Scaler::fit(*array_source({x}));
  EXPECT_EQ(scaler.samples(), 5000);
  const Array expected = (x - mean(x, 0)) / std(x, 0);
  EXPECT_EQ(largest_difference(scaled(scaler, x), expected), 0);
}

TEST(Scaler, MakesConstantFeaturesZero) {
  Array x = samples(3000, 3);
  x.assign({slice(), 1}, 0.1);
  for (const char* kind : {"standard", "minmax", "robust"}) {
    const Scaler scaler = Scaler::fit(*array_source({x}), {scaling_from_name(kind)});
    const Array column = scaled(scaler, x)[{slice(), 1}];
    EXPECT_EQ(max(abs(column)).item(), 0) << kind;
    EXPECT_EQ(scaler.scale()[1].item(), 1) << kind;
  }
}

TEST(Scaler, FindsTheValueOfLongConstantFeatures) {
  const float value = 4e8F / 7;
  Array x = ones({100'003, 1}) * value;
  EXPECT_EQ(max(abs(scaled(Scaler::fit(*array_source({x})), x))).item(), 0);
  x.assign({5, 0}, kNaN);
  const Scaler scaler = Scaler::fit(*array_source({x}), {Scaling::standard, true});
  EXPECT_EQ(scaler.centre()[0].item(), value);
  EXPECT_EQ(scaler.scale()[0].item(), 1);
}

TEST(Scaler, SeesWhatVariesLittleBesideItsSize) {
  const Array x = astype(expand_dims(arange(0, 1500), 1) + 1.7e9, DType::float32);
  for (const char* kind : {"minmax", "robust"}) {
    const Scaler scaler = Scaler::fit(*array_source({x}), {scaling_from_name(kind)});
    const Array column = scaled(scaler, x);
    EXPECT_LE(max(abs(column)).item(), 1) << kind;
    EXPECT_GT(max(column).item() - min(column).item(), 0.9) << kind;
  }
}

TEST(Scaler, KeepsTheDigitsOfWhatIsFarFromZero) {
  // Floats near 1,000 are 2^-14 apart.
  constexpr double kStep = 1.0 / (1 << 14);
  for (int64_t rows : {2, 3, 700, 3000})
    for (bool hole : {false, true}) {
      const Array number = arange(0, static_cast<double>(rows), 1, DType::float64);
      const Array steps = number - floor(number / 6) * 6;
      Array x = astype(stack({1000 + steps * kStep, steps - 2}, 1), DType::float32);
      const Array expected = (steps - mean(steps)) / std(steps);
      if (hole) x = concatenate({x, full({1, 2}, kNaN, DType::float32)}, 0);
      const Scaler scaler = Scaler::fit(*array_source({x}), {Scaling::standard, hole});
      EXPECT_NEAR(scaler.centre()[0].item(), 1000 + mean(steps).item() * kStep, 1e-3 * kStep);
      for (const Scaler& s : {scaler, Scaler::from_json(scaler.to_json(), "moments")})
        for (DType dtype : {DType::float32, DType::float64})
          for (int64_t feature : {0, 1}) {
            const Array found = scaled(s, x, dtype)[{slice(0, rows), feature}];
            EXPECT_LT(largest_difference(found, expected), 1e-5) << rows << " rows";
          }
    }
}

TEST(Scaler, MinmaxAndRobust) {
  const Array x = samples(2001, 4, DType::float64);
  const Array low = min(x, 0), high = max(x, 0);
  EXPECT_EQ(largest_difference(
                scaled(Scaler::fit(*array_source({x}), {Scaling::minmax}), x, DType::float64),
                (x - low) / (high - low)),
            0);
  const Scaler robust = Scaler::fit(*array_source({x}), {Scaling::robust});
  auto first = x[{slice(), 0}].to_vector<double>();
  std::sort(first.begin(), first.end());
  EXPECT_EQ(robust.centre()[0].item(), first[1000]);
  EXPECT_EQ(robust.scale()[0].item(), first[1500] - first[500]);
}

TEST(Scaler, RefusesOrLeavesOutWhatIsNotFinite) {
  Array x = samples(4000, 3, DType::float64);
  x.assign({slice(100, 300), 1}, kNaN);
  x.assign({7, 2}, HUGE_VAL);
  for (const char* kind : {"standard", "minmax", "robust"}) {
    const Scaling scaling = scaling_from_name(kind);
    EXPECT_THAT([&] { Scaler::fit(*array_source({x}), {scaling}); },
                ThrowsMessage<DataError>(AllOf(HasSubstr("feature 1 is NaN or infinite in 200 of "
                                                         "4000 samples, first in sample 100"))))
        << kind;
    const Scaler scaler = Scaler::fit(*array_source({x}), {scaling, true});
    EXPECT_EQ(scaler.left_out().to_vector<int64_t>(), (std::vector<int64_t>{0, 200, 1}));
    const Array whole = concatenate({x[slice(0, 100)], x[slice(300)]}, 0)[{slice(), 1}];
    const Scaler alone = Scaler::fit(*array_source({expand_dims(whole, 1)}), {scaling});
    EXPECT_NEAR(scaler.centre()[1].item(), alone.centre()[0].item(), 1e-12) << kind;
    EXPECT_NEAR(scaler.scale()[1].item(), alone.scale()[0].item(), 1e-12) << kind;
    EXPECT_EQ(sum(isnan(scaled(scaler, x))).item(), 200) << kind;
  }
  x.assign({slice(), 0}, kNaN);
  EXPECT_THAT(
      [&] {
        Scaler::fit(*array_source({x}), {Scaling::standard, true});
      },
      ThrowsMessage<DataError>(HasSubstr("feature 0 has no finite value")));
}

TEST(Scaler, SaysWhichSpreadOverflows) {
  Array x = samples(2000, 3);
  x.assign({5, 1}, 3e38F);
  x.assign({6, 1}, -3e38F);
  for (const char* kind : {"standard", "minmax"})
    EXPECT_THAT([&] { Scaler::fit(*array_source({x}), {scaling_from_name(kind)}); },
                ThrowsMessage<DataError>(HasSubstr("feature 1 has values so large that their "
                                                   "spread overflows float32")))
        << kind;
  EXPECT_NO_THROW(Scaler::fit(*array_source({astype(x, DType::float64)})));
}

TEST(Scaler, ComesBackFromItsFile) {
  const Scaler scaler = Scaler::fit(*array_source({samples(1000, 5)}), {Scaling::robust});
  const Scaler again = Scaler::from_json(scaler.to_json(), "m.json");
  EXPECT_EQ(again.to_json(), scaler.to_json());
  EXPECT_THAT([] { Scaler::from_json("{", "m.json"); },
              ThrowsMessage<DataError>(HasSubstr("m.json")));
  EXPECT_THAT([] { Scaler::from_json("{\"format\": \"other\"}", "m.json"); },
              ThrowsMessage<DataError>(HasSubstr("m.json")));
  EXPECT_THAT([&] { scaled(scaler, samples(10, 4)); },
              ThrowsMessage<ShapeError>(HasSubstr("(4,) met moments of shape (5,)")));
}

TEST(Scaler, TakesIntegersAndSingleNumbers) {
  const Array x = astype(samples(2000, 1), DType::int32)[{slice(), 0}];
  const Scaler scaler = Scaler::fit(*array_source({x}));
  EXPECT_EQ(scaler.centre().rank(), 0);
  EXPECT_NEAR(std(scaled(scaler, x)).item(), 1, 1e-6);
}

double nanquantile(std::vector<double> values, double q) {
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1), t = at - std::floor(at);
  const double low = values[static_cast<std::size_t>(at)];
  const double high = values[std::min(static_cast<std::size_t>(at) + 1, values.size() - 1)];
  return t < 0.5 ? low + (high - low) * t : high - (high - low) * (1 - t);
}

TEST(Quantiles, AreThoseOfSortedValues) {
  const std::vector<double> q = {0, 0.1, 0.25, 0.5, 0.9, 1};
  for (DType dtype : {DType::float32, DType::float64})
    for (int64_t m : {1, 2, 3, 1000, 4099}) {
      Array x = samples(m, 3, dtype);
      x.assign({slice(), 1}, -floor(x[{slice(), 1}]));  // many equal ones, below 0
      if (m > 10) x.assign({slice({}, {}, 7), 2}, kNaN);
      const Array found = quantiles(*array_source({x}), q);
      EXPECT_EQ(found.shape(), (Shape{6, 3}));
      for (int64_t f = 0; f < 3; ++f)
        for (std::size_t k = 0; k < q.size(); ++k)
          EXPECT_EQ((found[{static_cast<int64_t>(k), f}].item()),
                    nanquantile(x[{slice(), f}].to_vector<double>(), q[k]))
              << m << " " << f << " " << q[k];
    }
  EXPECT_THROW(quantiles(*array_source({samples(3, 2)}), std::vector<double>{1.5}), ValueError);
}

TEST(Quantiles, OfManyFeaturesTakeMorePasses) {
  const Array x = samples(9, 20'000);
  const Array found = quantiles(*array_source({x}), std::vector<double>{0.25, 0.5, 0.75});
  for (int64_t f : {0, 1, 19'999}) {
    auto column = x[{slice(), f}].to_vector<double>();
    std::sort(column.begin(), column.end());
    for (int64_t k = 0; k < 3; ++k)
      EXPECT_EQ((found[{k, f}].item()), column[static_cast<std::size_t>(2 * k + 2)]);
  }
}

TEST(Neighbors, AreThoseOfAllPairs) {
  const Array data = samples(3000, 6, DType::float64) - 5.0,
              queries = samples(11, 6, DType::float64);
  for (const char* name : {"cosine", "dot", "l2"}) {
    const Metric metric = metric_from_name(name);
    const Neighbors found = neighbors(queries, *array_source({data}), 4, metric);
    const Array lengths = sqrt(sum(square(data), 1)) * sqrt(sum(square(queries), 1, true));
    const Array products = matmul(queries, data.T());
    const Array squares = sum(square(queries), 1, true) - products * 2.0 + sum(square(data), 1);
    const Array all = metric == Metric::cosine ? products / lengths
                      : metric == Metric::dot  ? products
                                               : sqrt(squares);
    const TopK expected = top_k(all, 4, 1, metric != Metric::l2);
    EXPECT_EQ(found.indices.to_vector<int64_t>(), expected.indices.to_vector<int64_t>()) << name;
    EXPECT_LE(largest_difference(found.scores, expected.values), 1e-12) << name;
  }
}

TEST(Neighbors, CutsAndColumnsDontMatter) {
  const Array data = samples(5000, 6), queries = samples(3, 6);
  const Neighbors rows = neighbors(queries, *array_source({data}), 10, Metric::l2);
  const Neighbors twice =
      neighbors(queries, *array_source({concatenate({data, data}, 0)}), 10, Metric::l2);
  const auto nearest = twice.indices.to_vector<int64_t>();
  for (std::size_t i = 0; i + 1 < nearest.size(); i += 2)  // of equals the lower number first
    EXPECT_EQ(nearest[i] + 5000, nearest[i + 1]);
  EXPECT_EQ(nearest[0], rows.indices.to_vector<int64_t>()[0]);
}

TEST(Neighbors, WhatIsNaNComesLast) {
  Array data = samples(40, 6);
  data.assign({slice(0, 30), 2}, kNaN);
  Array queries = samples(2, 6);
  for (const char* name : {"cosine", "dot", "l2"}) {
    const Neighbors found = neighbors(queries, *array_source({data}), 12, metric_from_name(name));
    EXPECT_GE(min(found.indices[{slice(), slice(0, 10)}]).item(), 30) << name;
    EXPECT_EQ((found.indices[{0, 10}].item()), 0) << name;
    EXPECT_TRUE(std::isinf(found.scores[{0, 10}].item())) << name;
  }
  queries.assign({1, 0}, kNaN);
  EXPECT_THAT([&] { neighbors(queries, *array_source({data}), 1); },
              ThrowsMessage<DataError>(HasSubstr("query 1 holds a NaN")));
}

Array row_numbers(int64_t count) { return expand_dims(arange(0, static_cast<double>(count)), 1); }

TEST(Neighbors, KeepTheirDigitsWhereTheMeanIsLarge) {
  const Array data = astype(samples(20'000, 13, DType::float64) + 1e4, DType::float32);
  const Array wide = astype(data, DType::float64), queries = wide[slice(0, 3)];
  const Array all = sqrt(sum(square(expand_dims(queries, 1) - wide), 2));
  const TopK expected = top_k(all, 5, 1, false);
  const Neighbors found = neighbors(data[slice(0, 3)], *array_source({data}), 5, Metric::l2);
  EXPECT_EQ(found.indices.to_vector<int64_t>(), expected.indices.to_vector<int64_t>());
  EXPECT_LE(largest_difference(found.scores, expected.values), 1e-6);
  for (int64_t q = 0; q < 3; ++q) EXPECT_EQ((found.scores[{q, 0}].item()), 0);

  const Neighbors near = neighbors(data[slice(0, 3)], *array_source({data}), 1);
  EXPECT_EQ(near.indices.to_vector<int64_t>(), (std::vector<int64_t>{0, 1, 2}));
}

TEST(Neighbors, ComeFromAnyPartOfTheRange) {
  const Array data = samples(3000, 6) - 5.0, queries = samples(7, 6) - 4.0;
  for (const char* name : {"cosine", "dot", "l2"}) {
    const Metric metric = metric_from_name(name);
    const Neighbors usual = neighbors(queries, *array_source({data}), 4, metric);
    for (double scale : {0x1p66, 0x1p-84}) {
      if (metric == Metric::dot && scale > 1) continue;
      const Neighbors found = neighbors(queries * scale, *array_source({data * scale}), 4, metric);
      EXPECT_EQ(found.indices.to_vector<int64_t>(), usual.indices.to_vector<int64_t>())
          << name << " " << scale;
    }
  }
  EXPECT_THAT(
      [&] { neighbors(queries * 0x1p66, *array_source({data * 0x1p66}), 4, Metric::dot); },
      ThrowsMessage<DataError>(HasSubstr("overflows float32; give the queries as float64")));
  const Array large = astype(data, DType::float64) * 1e300;
  EXPECT_THAT([&] { neighbors(large[slice(0, 2)], *array_source({large}), 4, Metric::dot); },
              ThrowsMessage<DataError>(HasSubstr("their products overflow float64; divide them")));
}

TEST(Neighbors, HaveTheWiderDtype) {
  const Array data = row_numbers(3000) * 0.5 + 0x1p30;  // float32 is 128 apart there
  const Neighbors found =
      neighbors(astype(data[slice(0, 1)], DType::float32), *array_source({data}), 3, Metric::l2);
  EXPECT_EQ(found.scores.dtype(), DType::float64);
  EXPECT_EQ(found.scores.to_vector<double>(), (std::vector<double>{0, 0.5, 1}));
  EXPECT_EQ(found.indices.to_vector<int64_t>(), (std::vector<int64_t>{0, 1, 2}));
}

TEST(Neighbors, SayWhatIsWrong) {
  const auto source = array_source({samples(50, 6)});
  EXPECT_THAT([&] { neighbors(samples(3, 5), *source, 1); },
              ThrowsMessage<ShapeError>(HasSubstr("(3, 5)")));
  EXPECT_THAT([&] { neighbors(samples(3, 6), *source, 51); },
              ThrowsMessage<ValueError>(HasSubstr("k = 51, expected 1 … 50")));
  EXPECT_THROW(neighbors(samples(3, 6), *source, 0), ValueError);
  EXPECT_THROW(metric_from_name("cos"), ValueError);
}

// Three heaps far from each other, in turn.
Array heaps(int64_t rows) {
  const Array noise = samples(rows, 2) - 5.0;
  std::vector<float> which;
  for (int64_t i = 0; i < rows; ++i) which.push_back(static_cast<float>(i % 3) * 100);
  return noise + array(which, {rows, 1});
}

TEST(KMeans, FindsHeaps) {
  const Array x = heaps(9000);
  ClusterOptions options;
  options.clusters = 3;
  std::vector<double> inertias;
  options.on_iteration = [&](int, double inertia) {
    inertias.push_back(inertia);
    return true;
  };
  const Clusters found = k_means(*array_source({x}), options);
  EXPECT_EQ(found.sizes.to_vector<int64_t>(), (std::vector<int64_t>{3000, 3000, 3000}));
  auto centres = found.centres[{slice(), 0}].to_vector<double>();
  std::sort(centres.begin(), centres.end());
  for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(centres[k], 100.0 * static_cast<double>(k), 0.3);
  EXPECT_TRUE(std::is_sorted(inertias.rbegin(), inertias.rend()));
  EXPECT_NEAR(found.inertia, 9000 * 2 * 9, 9000 * 2 * 9 * 0.1);

  Collect labels;
  nearest_centres(found.centres, *array_source({x}), labels);
  const auto all = labels.all().to_vector<int64_t>();
  for (std::size_t i = 3; i < all.size(); ++i) ASSERT_EQ(all[i], all[i - 3]) << i;
  EXPECT_NE(all[0], all[1]);
}

TEST(KMeans, FindsHeapsFarFromZero) {
  const Array x = heaps(9000) / 10.0 + 3e5;
  ClusterOptions options;
  options.clusters = 3;
  const Clusters found = k_means(*array_source({x}), options);
  EXPECT_EQ(found.centres.dtype(), DType::float32);
  EXPECT_EQ(found.sizes.to_vector<int64_t>(), (std::vector<int64_t>{3000, 3000, 3000}));
  EXPECT_NEAR(found.inertia, 9000 * 2 * 0.09, 9000 * 2 * 0.09 * 0.1);
}

TEST(KMeans, TellsOfTheCentresThatItGives) {
  const Array x = samples(5000, 3, DType::float64);
  ClusterOptions options;
  options.clusters = 7;
  options.iterations = 2;
  const Clusters found = k_means(*array_source({x}), options);
  Collect labels;
  nearest_centres(found.centres, *array_source({x}), labels);
  const Array numbers = expand_dims(labels.all(), 1);
  const Array sizes = sum(equal(numbers, arange(0, 7)), 0);
  EXPECT_EQ(found.sizes.to_vector<int64_t>(), sizes.to_vector<int64_t>());
  const Array there = take(found.centres, labels.all(), 0);
  EXPECT_NEAR(found.inertia, sum(square(x - there)).item(), 1e-6);
}

TEST(KMeans, MayBeEndedBetweenTheFirstCentres) {
  ClusterOptions options;
  options.clusters = 50;
  int asked = 0;
  options.before_centre = [&] {
    if (++asked == 3) throw ValueError("enough");
  };
  EXPECT_THROW(k_means(*array_source({heaps(3000)}), options), ValueError);
  EXPECT_EQ(asked, 3);
}

TEST(KMeans, SaysWhatIsWrong) {
  Array x = heaps(300);
  ClusterOptions options;
  options.clusters = 301;
  EXPECT_THROW(k_means(*array_source({x}), options), ValueError);
  options = {3, 0};
  EXPECT_THAT([&] { k_means(*array_source({x}), options); },
              ThrowsMessage<ValueError>(HasSubstr("0 iterations, expected 1 or more")));
  options = {3};
  const Array large = astype(x, DType::float64) * 1e300;
  EXPECT_THAT([&] { k_means(*array_source({large}), options); },
              ThrowsMessage<DataError>(HasSubstr("their distances overflow float64; divide them")));
}

TEST(KMeans, NamesTheFirstValueThatIsNotFinite) {
  constexpr int64_t kMany = 200'000;  // few of which are drawn to choose centres among
  for (int64_t samples : {int64_t{300}, kMany}) {
    Array x = heaps(samples);
    x.assign({slice(samples - 5, samples), 0}, kNaN);
    x.assign({samples - 7, 1}, HUGE_VAL);
    const std::string expected = fmt::format(
        "k_means: feature 1 of sample {} is NaN or infinite, the first of 6 such values; drop",
        samples - 7);
    EXPECT_THAT([&] { k_means(*array_source({x}), {3}); },
                ThrowsMessage<DataError>(HasSubstr(expected)));
  }
}

TEST(NearestCentres, MayBeWholeNumbers) {
  Collect labels;
  nearest_centres(array(std::vector<int64_t>{0, 100}, {2, 1}),
                  *array_source({array(std::vector<double>{49.9, 50.1}, {2, 1})}), labels);
  EXPECT_EQ(labels.all().to_vector<int64_t>(), (std::vector<int64_t>{0, 1}));
  for (const Shape& shape : {Shape{2, 3}, Shape{2}})
    EXPECT_THAT([&] { nearest_centres(zeros(shape), *array_source({heaps(30)}), labels); },
                ThrowsMessage<ShapeError>(HasSubstr("(2,) have different features")))
        << to_string(shape);
}

}  // namespace
}  // namespace lanewise
