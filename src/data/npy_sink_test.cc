#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "data/streams_testing.h"
#include "lanewise/data.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using NpySink = FileTest;

void push(Sink& sink, const Array& run) { sink.push(std::span(&run, 1)); }

const Values kRows = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
Array rows() { return array(kRows, {5, 2}); }

TEST_F(NpySink, EveryLayoutComesBack) {
  for (const bool features_first : {false, true})
    for (const bool fortran_order : {false, true}) {
      NpySinkOptions options{features_first, fortran_order, 5};
      auto sink = write_behind(npy_sink(path("a.npy"), {2}, DType::float32, options));
      const bool is_rows = sink->sample_axis() == 0;
      EXPECT_EQ(is_rows, features_first == fortran_order);
      for (auto [begin, end] : {std::pair(0, 2), std::pair(2, 4), std::pair(4, 5)}) {
        const Array run = rows()[slice(begin, end)];
        push(*sink, is_rows ? run : run.T());
      }
      EXPECT_FALSE(std::filesystem::exists(path("a.npy")));
      sink->close();
      const Array whole = load_npy(path("a.npy"));
      EXPECT_EQ(whole.dtype(), DType::float32);
      EXPECT_EQ(values_of(features_first ? whole.T() : whole), kRows);
      EXPECT_EQ(files(), 1u);
      std::filesystem::remove(path("a.npy"));
    }
}

TEST_F(NpySink, RowsNeedNoLength) {
  auto sink = npy_sink(path("a.npy"), {}, DType::int64);
  push(*sink, arange(0, 3));
  push(*sink, arange(3, 4));
  sink->close();
  EXPECT_EQ(values_of(load_npy(path("a.npy"))), (Values{0, 1, 2, 3}));
}

TEST_F(NpySink, UnclosedItLeavesNothing) {
  push(*npy_sink(path("a.npy"), {2}, DType::float32), ones({3, 2}));
  push(*write_behind(npy_sink(path("a.npy"), {2}, DType::float32)), ones({3, 2}));
  EXPECT_EQ(files(), 0u);
}

TEST_F(NpySink, WhatDoesNotFitIsRefused) {
  auto sink = npy_sink(path("a.npy"), {2}, DType::float32, {false, false, 3});
  EXPECT_THROW(push(*sink, ones({3})), ValueError);
  EXPECT_THROW(push(*sink, ones({3, 3})), ValueError);
  EXPECT_THROW(push(*sink, ones({4, 2})), ValueError);
  push(*sink, ones({2, 2}));
  EXPECT_THAT([&] { sink->close(); }, ThrowsMessage<ValueError>(HasSubstr("after 2 of 3 samples")));
  EXPECT_THAT([&] { npy_sink(path("b.npy"), {2}, DType::float32, {true}); },
              ThrowsMessage<ValueError>(HasSubstr("tell the length")));
  EXPECT_THROW(npy_sink(path("b.npy"), {2}, DType::float32, {false, false, {}, false, 3}),
               ValueError);
}

TEST_F(NpySink, APartialFileIsResumed) {
  for (const bool columns : {false, true}) {
    NpySinkOptions options{columns, false, 5, true};
    const auto run = [&](int64_t begin, int64_t end) {
      const Array part = rows()[slice(begin, end)];
      return columns ? part.T() : part;
    };
    {
      auto sink = write_behind(npy_sink(path("a.npy"), {2}, DType::float64, options));
      push(*sink, run(0, 2));
      EXPECT_EQ(sink->flush(), 2);
      push(*sink, zeros(run(2, 4).shape(), DType::float64));  // lost
    }
    EXPECT_TRUE(std::filesystem::exists(path("a.npy.partial")));
    options.resume_at = 2;
    EXPECT_THAT([&] { npy_sink(path("a.npy"), {2}, DType::float32, options); },
                ThrowsMessage<DataError>(HasSubstr("was begun for another array than float32")));
    auto sink = npy_sink(path("a.npy"), {2}, DType::float64, options);
    EXPECT_THAT([&] { npy_sink(path("a.npy"), {2}, DType::float64, options); },
                ThrowsMessage<IoError>(HasSubstr("is being written by another process")));
    push(*sink, run(2, 5));
    sink->close();
    EXPECT_EQ(values_of(load_npy(path("a.npy"))), values_of(run(0, 5)));
    EXPECT_EQ(files(), 1u);
  }
  NpySinkOptions options{false, false, {}, true};
  push(*npy_sink(path("a.npy"), {2}, DType::float64, options), rows());
  options.resume_at = 6;
  EXPECT_THAT([&] { npy_sink(path("a.npy"), {2}, DType::float64, options); },
              ThrowsMessage<DataError>(HasSubstr("before sample 6")));
}

TEST_F(NpySink, SaysWhatTheDiskHasNotEnoughOf) {
  EXPECT_THAT(
      [&] {
        npy_sink(path("a.npy"), {1 << 20}, DType::float64, {true, false, 1 << 30});
      },
      ThrowsMessage<IoError>(HasSubstr("9007199254741248 bytes are needed")));
  EXPECT_EQ(files(), 0u);
}

// Files may grow no further than `bytes` meanwhile.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = signal(SIGXFSZ, SIG_IGN);
};

TEST_F(NpySink, AFileThatCannotGrowIsAnError) {
  put(path("a.npy"), "old");
  for (const bool behind : {false, true}) {
    auto sink = npy_sink(path("a.npy"), {1024}, DType::float64);
    if (behind) sink = write_behind(std::move(sink));
    const FileLimit limit(100'000);
    const auto write = [&] {
      push(*sink, ones({10, 1024}, DType::float64));
      push(*sink, ones({10, 1024}, DType::float64));
      sink->close();
    };
    EXPECT_THAT(write, ThrowsMessage<IoError>(HasSubstr("a.npy: can't be written: File too large; "
                                                        "nothing was overwritten")));
  }
  EXPECT_EQ(get(path("a.npy")), "old");
  EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace lanewise
