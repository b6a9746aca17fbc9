#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/streams_testing.h"
#include "lanewise/data.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;
using NpySource = FileTest;

const Values kRows = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};  // 5 samples of 2 features

TEST_F(NpySource, EveryOrderGivesTheSameSamples) {
  const std::vector<float> rows = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const std::vector<float> columns = {0, 2, 4, 6, 8, 1, 3, 5, 7, 9};
  const auto check = [&](const std::string& bytes, bool features_first, int axis) {
    put(path("a.npy"), bytes);
    for (const bool direct : {false, true})
      for (int64_t count = 1; count < 7; ++count) {
        auto source = npy_source(path("a.npy"), {{}, features_first, direct});
        EXPECT_EQ(source->sample_axis(), axis);
        EXPECT_EQ(source->length(), 5);
        EXPECT_EQ(source->row_shapes()[0], (Shape{2}));
        EXPECT_EQ(values_of(rows_of(*source, count)), kRows);
      }
  };
  check(npy_bytes(rows, {5, 2}), false, 0);
  check(npy_bytes(columns, {5, 2}, true), false, 1);
  check(npy_bytes(columns, {2, 5}), true, 1);
  check(npy_bytes(rows, {2, 5}, true), true, 0);
}

TEST_F(NpySource, SamplesMayBeNumbersOrHaveSeveralAxes) {
  put(path("a.npy"), npy_bytes<int32_t>({1, 2, 3}, {3}));
  EXPECT_EQ(npy_source(path("a.npy"))->pull(2)[0].shape(), (Shape{2}));
  put(path("a.npy"), npy_bytes<int32_t>({1, 2, 3, 4, 5, 6, 7, 8}, {2, 2, 2}));
  EXPECT_EQ(npy_source(path("a.npy"))->pull(1)[0].shape(), (Shape{1, 2, 2}));
  EXPECT_THAT(
      [&] {
        npy_source(path("a.npy"), {{}, true});
      },
      ThrowsMessage<DataError>(HasSubstr("only in C order")));
  put(path("a.npy"), npy_bytes<int32_t>({1}, {}));
  EXPECT_THAT([&] { npy_source(path("a.npy")); },
              ThrowsMessage<DataError>(HasSubstr("a scalar has no samples")));
}

TEST_F(NpySource, ElementsAreConverted) {
  put(path("a.npy"), npy_bytes<double>({0.1, -2, 1e300}, {3}));
  auto source = npy_source(path("a.npy"), {DType::float32});
  EXPECT_EQ(source->dtypes()[0], DType::float32);
  EXPECT_EQ(source->pull(3)[0].to_vector<float>(), (std::vector<float>{0.1f, -2, INFINITY}));
  put(path("a.npy"), npy_bytes<int64_t>({1, -3}, {2}));
  EXPECT_EQ(values_of(npy_source(path("a.npy"), {DType::float32})->pull(2)[0]), (Values{1, -3}));
  put(path("a.npy"), npy_bytes<int32_t>({1, -3}, {2}));
  EXPECT_EQ(values_of(npy_source(path("a.npy"), {DType::float32})->pull(2)[0]), (Values{1, -3}));
  EXPECT_THAT([&] { npy_source(path("a.npy"), {DType::int8}); },
              ThrowsMessage<ValueError>(HasSubstr("converts to float32 and float64, not int32")));
}

TEST_F(NpySource, Seeks) {
  put(path("a.npy"), npy_bytes<double>({0, 2, 4, 6, 8, 1, 3, 5, 7, 9}, {2, 5}));
  auto source = npy_source(path("a.npy"), {{}, true});
  source->seek(3);
  EXPECT_EQ(values_of(source->pull(9)[0]), (Values{6, 8, 7, 9}));
  EXPECT_EQ(source->pull(9)[0].shape(), (Shape{2, 0}));
  source->reset();
  EXPECT_EQ(values_of(source->pull(1)[0]), (Values{0, 1}));
  EXPECT_THROW(source->seek(6), IndexError);
}

TEST_F(NpySource, FilesFollowEachOther) {
  put(path("part-2.npy"), npy_bytes<double>({4, 5, 6, 7}, {2, 2}));
  put(path("part-1.npy"), npy_bytes<double>({0, 1, 2, 3}, {2, 2}));
  put(path("part-3.npy"), npy_bytes<double>({}, {0, 2}));
  put(path("part-4.npy"), npy_bytes<double>({8, 9}, {1, 2}));
  for (int64_t count = 1; count < 7; ++count)
    EXPECT_EQ(values_of(rows_of(*npy_source(path("part-*.npy")), count)), kRows);

  put(path("x-1.npy"), npy_bytes<double>({0, 2, 4, 1, 3, 5}, {2, 3}));
  put(path("x-2.npy"), npy_bytes<double>({6, 8, 7, 9}, {2, 2}));
  for (int64_t count = 1; count < 7; ++count)
    EXPECT_EQ(values_of(rows_of(*npy_source(path("x-?.npy"), {{}, true}), count)), kRows);
}

TEST_F(NpySource, FilesMustAgree) {
  const std::vector<std::string> two = {path("a.npy"), path("b.npy")};
  put(path("a.npy"), npy_bytes<double>({0, 1}, {1, 2}));
  const auto refused = [&](const std::string& bytes, const std::string& says) {
    put(path("b.npy"), bytes);
    EXPECT_THAT([&] { npy_source(two); },
                ThrowsMessage<DataError>(AllOf(HasSubstr(says), HasSubstr("a.npy"))));
  };
  refused(npy_bytes<double>({0, 1, 2}, {1, 3}), "b.npy holds samples of shape (3,)");
  refused(npy_bytes<float>({0, 1}, {1, 2}), "b.npy holds dtype float32");
  refused(npy_bytes<double>({0, 1}, {1, 2}, true), "b.npy holds samples as columns");
  EXPECT_THAT([&] { npy_source(path("c*.npy")); },
              ThrowsMessage<IoError>(HasSubstr("no file matches")));
  EXPECT_THROW(npy_source(std::vector<std::string>{}), ValueError);
}

TEST_F(NpySource, ArchivesHoldArrays) {
  const std::vector<double> x = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  save_npz(path("a.npz"), {{"x", array(x, {5, 2})}, {"y", ones({3})}});
  EXPECT_EQ(values_of(rows_of(*npz_source(path("a.npz"), "x"), 2)), kRows);
  auto source = npz_source(path("a.npz"), "y.npy", {DType::float64});
  source->seek(1);
  EXPECT_EQ(values_of(source->pull(9)[0]), (Values{1, 1}));
  EXPECT_THAT([&] { npz_source(path("a.npz"), "z"); },
              ThrowsMessage<DataError>(HasSubstr("no array is called 'z'; there are: x, y")));
}

TEST_F(NpySource, AStoredArrayThatIsDamagedIsToldAtItsEnd) {
  std::vector<double> x(20'000);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i);
  save_npz(path("a.npz"), {{"x", array(x, {10'000, 2})}});
  auto whole = npz_source(path("a.npz"), "x");
  for (int pass = 0; pass < 2; ++pass, whole->reset())
    EXPECT_EQ(values_of(rows_of(*whole, 999)), x);

  std::string bytes = get(path("a.npz"));
  bytes[bytes.size() / 2] ^= 4;
  put(path("a.npz"), bytes);
  auto source = npz_source(path("a.npz"), "x");
  for (int pass = 0; pass < 2; ++pass) {
    source->reset();
    EXPECT_EQ(source->pull(9'000)[0].shape(0), 9'000);
    EXPECT_THAT([&] { source->pull(1'000); },
                ThrowsMessage<DataError>(HasSubstr("x.npy: damaged: its checksum is wrong")));
  }
  source->seek(9'000);
  EXPECT_EQ(source->pull(1'000)[0].shape(0), 1'000);
}

TEST_F(NpySource, DeflatedArraysAreReadInOrder) {
  std::vector<double> x(100'000);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i * i % 1009);
  put_deflated(path("a.npz"), "x.npy", npy_bytes(x, {50'000, 2}));
  auto source = npz_source(path("a.npz"), "x", {DType::float32});
  EXPECT_FALSE(source->seekable());
  EXPECT_EQ(values_of(rows_of(*source, 999)), x);
  source->reset();
  EXPECT_EQ(values_of(source->pull(1)[0]), (Values{0, 1}));

  std::string bytes = get(path("a.npz"));
  bytes[bytes.size() / 2] ^= 4;
  put(path("a.npz"), bytes);
  EXPECT_THROW(rows_of(*npz_source(path("a.npz"), "x"), 1000), DataError);

  put_deflated(path("a.npz"), "x.npy", npy_bytes(x, {50'000, 2}, true));
  EXPECT_EQ(values_of(npz_source(path("a.npz"), "x")->pull(2)[0]),
            (Values{x[0], x[50'000], x[1], x[50'001]}));
}

TEST_F(NpySource, ATruncatedArchiveIsRefusedAtEveryLength) {
  save_npz(path("a.npz"), {{"x", ones({3})}, {"y", ones({3})}});
  const std::string whole = get(path("a.npz"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    put(path("a.npz"), whole.substr(0, size));
    EXPECT_THROW(npz_source(path("a.npz"), "x"), DataError) << size;
  }
}

// ---- files that are not what they claim ----

std::string message_of(const std::string& path) {
  try {
    npy_source(path)->pull(1 << 20);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST_F(NpySource, ATruncatedFileIsRefusedAtEveryLength) {
  const std::string whole = npy_bytes<float>({0, 1, 2, 3}, {2, 2});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    put(path("a.npy"), whole.substr(0, size));
    EXPECT_THAT(message_of(path("a.npy")),
                HasSubstr("a.npy: truncated at offset " + std::to_string(size)));
  }
}

TEST_F(NpySource, AFileThatShrinksIsAnError) {
  for (const bool fortran_order : {false, true}) {
    put(path("a.npy"), npy_bytes(std::vector<double>(4000), {1000, 4}, fortran_order));
    auto source = npy_source(path("a.npy"));
    source->pull(10);
    std::filesystem::resize_file(path("a.npy"), 9000);
    EXPECT_THAT([&] { source->pull(990); },
                ThrowsMessage<IoError>(HasSubstr("a.npy: ends at offset 9000")));
  }
}

TEST_F(NpySource, WhatIsNoReadableFileIsRefused) {
  EXPECT_THAT(message_of(path("no.npy")), HasSubstr("no.npy: can't be opened: No such file"));
  EXPECT_THAT(message_of(path("")), HasSubstr("is a folder"));
  ASSERT_EQ(mkfifo(path("pipe.npy").c_str(), 0600), 0);
  EXPECT_THAT(message_of(path("pipe.npy")), HasSubstr("pipe.npy: is not a regular file"));
  put(path("a.npy"), npy_header(DType::float64, {1'000'000, 131'072}));
  EXPECT_THAT(message_of(path("a.npy")), HasSubstr("needs 1048576000000 bytes of elements"));
  put(path("a.npy"), npy_header(DType::float64, {int64_t{1} << 40, int64_t{1} << 40}));
  EXPECT_THAT(message_of(path("a.npy")), HasSubstr("more than 2^63 bytes"));
  if (geteuid() == 0) GTEST_SKIP() << "root may read every file";
  std::filesystem::permissions(path("a.npy"), std::filesystem::perms::none);
  EXPECT_THAT(message_of(path("a.npy")), HasSubstr("Permission denied"));
}

}  // namespace
}  // namespace lanewise
