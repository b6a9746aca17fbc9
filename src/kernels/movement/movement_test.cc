#include "kernels/movement/movement.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/movement/repeat.h"
#include "kernels/movement/stream.h"
#include "kernels/testing.h"

namespace lanewise::kernels {
namespace {

using namespace testing;

struct Case {
  Shape table, indices;
  int axis;
};
const Case kCases[] = {{{5}, {}, 0},         {{5}, {7}, 0},          {{6, 3}, {4}, 0},
                       {{6, 3}, {4}, 1},     {{4, 5, 6}, {2, 3}, 1}, {{4, 5, 33}, {9}, 0},
                       {{3, 40}, {2, 0}, 1}, {{2, 3, 4}, {5, 2}, 2}, {{300, 70}, {900}, 0},
                       {{0, 100}, {0}, 0}};

Tensor some_indices(const Case& c, Layout layout, uint32_t seed) {
  const Tensor indices = make(DType::int64, c.indices, layout);
  Bits bits(seed);
  each<int64_t>(indices, [&](int64_t* i, int64_t) { *i = bits() % c.table[c.axis]; });
  return indices;
}

Shape taken(const Case& c) {
  Shape shape;
  for (int i = 0; i < c.axis; ++i) shape.push_back(c.table[i]);
  for (int64_t extent : c.indices) shape.push_back(extent);
  for (int i = c.axis + 1; i < c.table.rank(); ++i) shape.push_back(c.table[i]);
  return shape;
}

TEST(Movement, TakeAgreesWithReference) {
  uint32_t seed = 1;
  for (const Case& c : kCases) {
    for (DType d : kDTypes) {
      for (Layout layout : kLayouts) {
        const Tensor x = random(d, c.table, layout, ++seed);
        const Tensor indices = some_indices(c, kLayouts[seed % 5], seed + 1000);
        const Tensor fast = make(d, taken(c), kOutLayouts[seed % 4]), slow = make(d, taken(c));
        fast::take(x, indices, c.axis, fast);
        reference::take(x, indices, c.axis, slow);
        expect_same(fast, slow, "take " + text(d));
      }
    }
  }
}

TEST(Movement, TakeRows) {
  float table[] = {0, 1, 10, 11, 20, 21};
  int64_t index[] = {2, 0};
  float out[4];
  fast::take({reinterpret_cast<std::byte*>(table), DType::float32, {3, 2}, {2, 1}},
             {reinterpret_cast<std::byte*>(index), DType::int64, {2}, {1}}, 0,
             {reinterpret_cast<std::byte*>(out), DType::float32, {2, 2}, {2, 1}});
  EXPECT_EQ(std::vector<float>(out, out + 4), (std::vector<float>{20, 21, 0, 1}));
}

// An index for each element.
TEST(Movement, TakeAndScatterAddAlongAnAxis) {
  for (Layout layout : kLayouts)
    for (Layout out_layout : kOutLayouts)
      for (int axis : {0, 1, 2}) {
        const Shape table{6, 5, 7};
        Shape shape = table;
        shape[axis] = 9;
        const Tensor x = random(DType::float32, table, layout, 3);
        const Tensor indices = some_indices({table, shape, axis}, out_layout, 4);
        const Tensor taken = make(DType::float32, shape, out_layout);
        const Tensor sums = make(DType::float32, table, out_layout);
        fast::take(x, indices, axis, taken);
        fast::scatter_add(taken, indices, axis, sums);
        const std::vector<float> in = values<float>(x);
        std::vector<float> expected(static_cast<std::size_t>(indices.size())),
            expected_sums(in.size());
        const Strides strides = row_major_strides(table);
        each<int64_t>(indices, [&](const int64_t* index, int64_t n) {
          int64_t from = *index * strides[axis], rest = n;
          for (int i = 2; i >= 0; rest /= shape[i--])
            if (i != axis) from += rest % shape[i] * strides[i];
          expected[static_cast<std::size_t>(n)] = in[static_cast<std::size_t>(from)];
          expected_sums[static_cast<std::size_t>(from)] += expected[static_cast<std::size_t>(n)];
        });
        EXPECT_EQ(values<float>(taken), expected);
        EXPECT_EQ(values<float>(sums), expected_sums);
      }
}

TEST(Movement, ScatterAddAgreesWithReferenceToTheBit) {
  uint32_t seed = 1;
  for (const Case& c : kCases) {
    for (DType d : kDTypes) {
      for (Layout layout : kLayouts) {
        const Tensor updates = random(d, taken(c), layout, ++seed);
        const Tensor indices = some_indices(c, kLayouts[seed % 5], seed + 1000);
        const Tensor fast = make(d, c.table, kOutLayouts[seed % 4]), slow = make(d, c.table);
        fast::scatter_add(updates, indices, c.axis, fast);
        reference::scatter_add(updates, indices, c.axis, slow);
        expect_same(fast, slow, "scatter_add " + text(d));
      }
    }
  }
}

TEST(Movement, Iota) {
  for (DType d : {DType::int64, DType::float32, DType::float64}) {
    for (Layout layout : kOutLayouts) {
      const Tensor fast = make(d, {1001}, layout), slow = make(d, {1001});
      fast::iota(3, -2, 5, fast);
      reference::iota(3, -2, 5, slow);
      expect_same(fast, slow, "iota " + text(d));
    }
  }
  const Tensor x = make(DType::float64, {3});
  fast::iota(0.5, 0.25, 0, x);
  EXPECT_EQ(values<double>(x), (std::vector<double>{0.5, 0.75, 1}));
}

// Rows shorter than a vector, as long and longer; nothing behind the last is touched.
TEST(Movement, RowsOfANumber) {
  for (auto [rows, step] : {std::array<int64_t, 2>{5, 3}, {5, 1}, {300, 1}, {300, 2}})
    for (int64_t bytes : {1, 4, 8}) {
      std::vector<std::byte> from(static_cast<std::size_t>(((rows - 1) * step + 1) * bytes));
      for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<std::byte>(i % 251);
      for (int64_t row = 1; row <= 130; row += row < 20 ? 1 : 11) {
        std::vector<std::byte> to(static_cast<std::size_t>(rows * row * bytes + 1),
                                  std::byte{0xee});
        fast::repeat(bytes, from.data(), step, rows, row, to.data());
        for (int64_t at = 0; at < rows * row * bytes; ++at) {
          const int64_t source = at / bytes / row * step * bytes + at % bytes;
          ASSERT_EQ(to[static_cast<std::size_t>(at)], from[static_cast<std::size_t>(source)])
              << rows << " rows of " << row << ", " << bytes << " bytes each, at " << at;
        }
        EXPECT_EQ(to.back(), std::byte{0xee});
      }
    }
}

TEST(Movement, CopiesAroundTheCaches) {
  std::vector<std::byte> from(600), to(600);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<std::byte>(i * 7);
  for (std::size_t begin : {0, 1, 16, 63})
    for (std::size_t count : {0, 1, 15, 63, 64, 65, 128, 500}) {
      std::fill(to.begin(), to.end(), std::byte{0xee});
      fast::stream_copy(from.data() + 3, to.data() + begin, static_cast<int64_t>(count));
      fast::end_streams();
      for (std::size_t i = 0; i < to.size(); ++i)
        ASSERT_EQ(to[i], i >= begin && i < begin + count ? from[i - begin + 3] : std::byte{0xee})
            << count << " bytes to " << begin << ", at " << i;
    }
}

}  // namespace
}  // namespace lanewise::kernels
