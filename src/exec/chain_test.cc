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
  EXPECT_TRUE(value({1, 0}).is_overwritten_by(value({kRow, 1}), kSamples));
  EXPECT_FALSE(value({kRow, 1}).is_overwritten_by(value({kRow, 1}), kSamples));
  EXPECT_FALSE(value({0, 1}).is_overwritten_by(value({kRow, 1}), kSamples));
}

TEST_F(ChainValues, LeaveFromTheirStrip) {
  std::array<float, kSamples * kRow> there{};
  ChainValue x = value({kRow, 1});
  x.stream_to(reinterpret_cast<std::byte*>(there.data()));
  for (int64_t first = 0; first < kSamples; first += 2) {
    const int64_t samples = std::min<int64_t>(2, kSamples - first);
    for (int64_t i = 0; i < samples * kRow; ++i)
      reinterpret_cast<float*>(x.window().data)[i] = static_cast<float>(first * kRow + i);
    x.leave(first, samples);
  }
  for (std::size_t i = 0; i < there.size(); ++i) EXPECT_EQ(there[i], static_cast<float>(i));
}

}  // namespace
}  // namespace lanewise::exec
