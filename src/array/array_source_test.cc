#include <gtest/gtest.h>

#include "lanewise/error.h"
#include "lanewise/streams.h"

namespace lanewise {
namespace {

TEST(ArraySource, GivesRowsInRuns) {
  auto source = array_source({array({{1, 2}, {3, 4}, {5, 6}}), array({7, 8, 9})});
  EXPECT_EQ(source->length(), 3);
  EXPECT_EQ(source->pull(2)[1].to_vector<float>(), (std::vector<float>{7, 8}));
  EXPECT_EQ(source->pull(2)[0].to_vector<float>(), (std::vector<float>{5, 6}));
  EXPECT_EQ(source->pull(2)[0].shape(), (Shape{0, 2}));
  source->seek(1);
  EXPECT_EQ(source->pull(1)[1].item(), 8);
  EXPECT_THROW(source->seek(4), IndexError);
}

TEST(ArraySource, RowsMustAgree) {
  EXPECT_THROW(array_source({ones({3, 2}), ones({4})}), ShapeError);
  EXPECT_THROW(array_source({ones({})}), ValueError);
}

}  // namespace
}  // namespace lanewise
