#include "io/npy.h"

#include <gmock/gmock.h>

#include <limits>

#include "io/npz.h"
#include "io/testing.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using Npy = FileTest;
using Npz = FileTest;

// A file of version 1 as NumPy writes it.
std::string npy(const std::string& descr, const std::string& shape, std::string_view elements,
                const std::string& order = "False") {
  std::string head =
      "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
  head.resize(118, ' ');
  head.back() = '\n';
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + head + std::string(elements);
}

template <class T>
std::string bytes_of(std::initializer_list<T> elements) {
  return {reinterpret_cast<const char*>(elements.begin()), elements.size() * sizeof(T)};
}

TEST_F(Npy, EveryDtypeComesBack) {
  for (DType dtype : {DType::bool_, DType::int8, DType::uint8, DType::int32, DType::int64,
                      DType::float32, DType::float64}) {
    write_npy(path("a.npy"), counted(dtype, {2}));
    const Tensor back = read_npy(path("a.npy"));
    EXPECT_EQ(back.dtype, dtype);
    EXPECT_EQ(values(back), (std::vector<double>{0, 1}));
  }
}

TEST_F(Npy, ViewsAreWrittenRowMajor) {
  Tensor x = counted(DType::float32, {2, 3});
  static_cast<View&>(x) = slice_view(transpose_view(x, {1, 0}), {2, 0}, {3, 2}, {-1, 1});
  write_npy(path("a.npy"), x);
  EXPECT_EQ(values(read_npy(path("a.npy"))), (std::vector<double>{2, 5, 1, 4, 0, 3}));
}

TEST_F(Npy, OtherElementsAreConverted) {
  const auto read = [&](const std::string& descr, std::string_view elements) {
    put(path("a.npy"), npy(descr, "(2,)", elements));
    const Tensor t = read_npy(path("a.npy"));
    return std::pair(t.dtype, values(t));
  };
  using Values = std::vector<double>;
  EXPECT_EQ(read("<i2", bytes_of<int16_t>({-3, 7})), std::pair(DType::int32, Values{-3, 7}));
  EXPECT_EQ(read("<u4", bytes_of<uint32_t>({0, 4000000000})),
            std::pair(DType::int64, Values{0, 4e9}));
  EXPECT_EQ(read(">i4", std::string_view("\0\0\0\1\xff\xff\xff\xff", 8)),
            std::pair(DType::int32, Values{1, -1}));
  EXPECT_EQ(read("<f2", bytes_of<uint16_t>({0x3c00, 0xc100})),
            std::pair(DType::float32, Values{1, -2.5}));
}

TEST_F(Npy, FortranOrderIsUnderstood) {
  put(path("a.npy"), npy("<i4", "(2, 3)", bytes_of<int32_t>({1, 4, 2, 5, 3, 6}), "True"));
  EXPECT_EQ(values(read_npy(path("a.npy"))), (std::vector<double>{1, 2, 3, 4, 5, 6}));
}

TEST_F(Npy, WhatCannotBeReadIsRefusedByName) {
  const auto refused = [&](const std::string& bytes, const std::string& says) {
    put(path("a.npy"), bytes);
    EXPECT_THAT([&] { read_npy(path("a.npy")); }, ThrowsMessage<DataError>(HasSubstr(says)));
  };
  refused(npy("|O", "(1,)", "12345678"), "object");
  refused(npy("<c8", "(1,)", "12345678"), "dtype '<c8'");
  refused(npy("<u8", "(1,)", bytes_of<uint64_t>({UINT64_MAX})),
          "18446744073709551615 doesn't fit int64");
  refused(npy("<f4", "(1000000000000,)", "1234"), "a.npy");
  refused("PNG", "a.npy");
}

TEST_F(Npy, ATruncatedFileIsRefusedAtEveryLength) {
  const std::string whole = npy("<f4", "(2,)", bytes_of<float>({1, 2}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    put(path("a.npy"), whole.substr(0, size));
    EXPECT_THROW(read_npy(path("a.npy")), Error) << size;
  }
}

TEST_F(Npz, ArraysComeBackByName) {
  write_npz(path("a.npz"),
            {{"x", counted(DType::float32, {3})}, {"y", counted(DType::bool_, {2, 2})}});
  const auto arrays = read_npz(path("a.npz"));
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_EQ(values(arrays.at("x")), (std::vector<double>{0, 1, 2}));
  EXPECT_EQ(arrays.at("y").shape, (Shape{2, 2}));
}

TEST_F(Npz, DamageIsNoticed) {
  write_npz(path("a.npz"), {{"x", counted(DType::float32, {1000})}});
  std::string bytes = get(path("a.npz"));
  bytes[bytes.size() / 2] ^= 1;
  put(path("a.npz"), bytes);
  EXPECT_THROW(read_npz(path("a.npz")), DataError);
  put(path("a.npz"), bytes.substr(0, bytes.size() / 2));
  EXPECT_THROW(read_npz(path("a.npz")), Error);
}

}  // namespace
}  // namespace lanewise
