#include "exec/chain.h"

#include <gtest/gtest.h>

#include <array>

#include "base/tensor.h"

namespace lanewise::exec {
namespace {

constexpr int64_t kSamples = 5, kRow = 3;

class ChainValues : public testing::Test {
 protected:
  ChainValues() {
    chain_.row = kRow;
    for (std::size_t i = 0; i < numbers_.size(); ++i) numbers_[i] = static_cast<float>(i);
  }

  ChainValue value(const Dims& strides) {
    const View v{
        reinterpret_cast<std::byte*>(numbers_.data()), DType::float32, {kSamples, kRow}, strides};
    return {v, chain_, kSamples, reinterpret_cast<std::byte*>(strip_.data())};
  }
  // Element `at` of a strip that starts with sample `first`.
  float read(const ChainValue& value, int64_t first, int64_t at) {
    value.fill_rows(kSamples - first);
    value.fill_strip(first, kSamples - first);
    const Window w = value.window();
    return *reinterpret_cast<const float*>(w.data +
                                           (first * kRow * w.advance + at * w.stride) * w.bytes);
  }

  Chain chain_;
  std::array<float, 64> numbers_;
  alignas(64) std::array<float, Chain::kStripBytes / sizeof(float)> strip_;
};

TEST_F(ChainValues, AreReadWhereverTheyRepeat) {
  for (const Dims& strides : {Dims{kRow, 1}, Dims{0, 0}, Dims{0, 1}, Dims{1, 0}, Dims{7, 0}}) {
    const ChainValue x = value(strides);
    ASSERT_TRUE(x.is_readable());
    EXPECT_EQ(x.is_writable(), strides == (Dims{kRow, 1}));
    for (int64_t first : {0, 2})
      for (int64_t i = first; i < kSamples; ++i)
        for (int64_t j = 0; j < kRow; ++j)
          EXPECT_EQ(read(x, first, (i - first) * kRow + j),
                    static_cast<float>(i * strides[0] + j * strides[1]));
  }
  EXPECT_FALSE(value({4, 1}).is_readable());
  EXPECT_FALSE(value({1, kSamples}).is_readable());
}

TEST_F(ChainValues, AColumnIsOverwrittenByResultsInItsMemory) {
  EXPECT_TRUE(value({1, 0}).is_overwritten_by(value({kRow, 1}), chain_, kSamples));
  EXPECT_FALSE(value({kRow, 1}).is_overwritten_by(value({kRow, 1}), chain_, kSamples));
  EXPECT_FALSE(value({0, 1}).is_overwritten_by(value({kRow, 1}), chain_, kSamples));
}

TEST_F(ChainValues, LeaveFromTheirStrip) {
  std::array<float, kSamples * kRow> there{};
  auto* data = reinterpret_cast<std::byte*>(there.data());
  ChainValue x = value({kRow, 1});
  EXPECT_FALSE(x.moves());
  x.stream_to({data, DType::float32, {kSamples, kRow}, {kRow, 1}}, chain_);
  EXPECT_TRUE(x.moves());
  const Window w = x.window();
  EXPECT_EQ(w.data, reinterpret_cast<std::byte*>(strip_.data()));
  EXPECT_EQ(w.advance, 0);
  EXPECT_EQ(w.leaves, data);
}

TEST_F(ChainValues, AreFetchedAStripAhead) {
  const auto* data = reinterpret_cast<std::byte*>(numbers_.data());
  ChainValue x = value({kRow, 1}), row = value({0, 1});
  EXPECT_EQ(x.next(2, kSamples), nullptr);
  for (ChainValue* v : {&x, &row}) v->fetch_ahead(0);
  EXPECT_EQ(x.next(2, kSamples), data + 2 * kRow * sizeof(float));
  EXPECT_EQ(x.next(kSamples, kSamples), data + kSamples * kRow * sizeof(float));
  EXPECT_EQ(row.next(2, kSamples), nullptr);
  EXPECT_FALSE(row.moves());
}

TEST(Chains, StripsThatMoveEndWhereLinesDo) {
  Chain chain;
  for (int64_t row : {1, 3, 16, 50, 100, 128, 1000, 1024}) {
    chain.row = row;
    EXPECT_EQ(chain.strip_rows(false), ElementwisePass::kStrip / row);
    const int64_t rows = chain.strip_rows(true);
    ASSERT_GE(rows, 1);
    EXPECT_LE(rows * row, ElementwisePass::kStrip);
    if (row < 64) {
      EXPECT_EQ(rows * row % 16, 0) << row;
    }
  }
}

// Values of 3 × 2 features whose samples lie together.
TEST(ChainsOfFeatures, GoFromOneToTheNext) {
  constexpr int64_t kFeatures = 6;
  Chain chain;
  chain.axis = 2;
  chain.features = kFeatures;
  std::array<float, 128> numbers;
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
  alignas(64) std::array<float, Chain::kStripBytes / sizeof(float)> strip;
  const auto value = [&](const Dims& strides) {
    const View v{
        reinterpret_cast<std::byte*>(numbers.data()), DType::float32, {3, 2, kSamples}, strides};
    return ChainValue(v, chain, kSamples, reinterpret_cast<std::byte*>(strip.data()));
  };
  for (const Dims& strides :
       {Dims{14, 7, 1}, Dims{2, 1, 0}, Dims{0, 0, 1}, Dims{0, 0, 0}, Dims{2, 1, 6}}) {
    ChainValue x = value(strides);
    ASSERT_TRUE(x.is_readable());
    EXPECT_EQ(x.is_writable(), strides[2] == 1);
    for (int64_t feature = 0; feature < kFeatures; ++feature, x.next_feature())
      for (int64_t first : {0, 2}) {
        x.fill_strip(first, kSamples - first);
        const Window w = x.window();
        for (int64_t i = first; i < kSamples; ++i)
          EXPECT_EQ(
              reinterpret_cast<const float*>(w.data)[first * w.advance + (i - first) * w.stride],
              static_cast<float>(feature * strides[1] + i * strides[2]));
      }
  }
  EXPECT_FALSE(value({10, 4, 1}).is_readable());
  // One row for all features, in memory that the first of them takes over.
  EXPECT_TRUE(value({0, 0, 1}).is_overwritten_by(value({10, 5, 1}), chain, kSamples));
  EXPECT_FALSE(value({10, 5, 1}).is_overwritten_by(value({10, 5, 1}), chain, kSamples));
}

}  // namespace
}  // namespace lanewise::exec
