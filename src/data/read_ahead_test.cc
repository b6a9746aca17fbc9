#include <gmock/gmock.h>

#include "data/streams_testing.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

using ReadAhead = FileTest;

TEST_F(ReadAhead, GivesTheSameSamples) {
  std::vector<double> x(100);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i);
  put(path("a.npy"), npy_bytes(x, {50, 2}));
  put(path("b.npy"), npy_bytes(x, {2, 50}));
  for (const bool columns : {false, true})
    for (int64_t count : {1, 7, 10, 50, 60}) {
      const auto open = [&] {
        return npy_source(path(columns ? "b.npy" : "a.npy"), {{}, columns});
      };
      EXPECT_EQ(values_of(rows_of(*read_ahead(open(), 3), count)), values_of(rows_of(*open(), 50)));
    }
}

TEST_F(ReadAhead, TakesOtherCountsAndSeeks) {
  auto source = read_ahead(array_source({arange(0, 20)}));
  const auto pulled = [&](int64_t count) { return values_of(source->pull(count)[0]); };
  EXPECT_EQ(pulled(0), Values{});
  EXPECT_EQ(pulled(3), (Values{0, 1, 2}));
  EXPECT_EQ(pulled(1), (Values{3}));
  EXPECT_EQ(pulled(7), (Values{4, 5, 6, 7, 8, 9, 10}));
  source->seek(18);
  EXPECT_EQ(pulled(5), (Values{18, 19}));
  EXPECT_EQ(pulled(5), Values{});
  source->reset();
  EXPECT_EQ(pulled(2), (Values{0, 1}));
}

TEST_F(ReadAhead, ErrorsComeWithTheirSamples) {
  put(path("a.npy"), npy_bytes(std::vector<double>(6000), {6000}));
  auto source = npy_source(path("a.npy"));
  std::filesystem::resize_file(path("a.npy"), 20'000);
  source = read_ahead(std::move(source), 5);
  EXPECT_EQ(source->pull(1000)[0].size(), 1000);
  EXPECT_EQ(source->pull(1000)[0].size(), 1000);
  EXPECT_THROW(source->pull(1000), IoError);
  EXPECT_THROW(source->pull(1000), IoError);
  source->reset();
  EXPECT_EQ(source->pull(1000)[0].size(), 1000);
}

// With the thread waiting for room, at work, and done.
TEST_F(ReadAhead, EndsAtAnyTime) {
  put(path("a.npy"), npy_bytes(std::vector<double>(6000), {6000}));
  for (int64_t count : {1, 100, 6000}) {
    auto source = read_ahead(npy_source(path("a.npy")), 1);
    source->pull(count);
  }
  EXPECT_THROW(read_ahead(npy_source(path("a.npy")), 0), ValueError);
}

}  // namespace
}  // namespace lanewise
