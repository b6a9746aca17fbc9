#include "io/safetensors.h"

#include <gmock/gmock.h>

#include "io/testing.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class Safetensors : public FileTest {
 protected:
  const std::string file_ = path("m.safetensors");

  std::string written() {
    Tensor w = counted(DType::float32, {2, 3});
    static_cast<View&>(w) = transpose_view(w, {1, 0});
    write_safetensors(file_,
                      {{{"w", w}, {"mask", counted(DType::bool_, {3})}}, {{"note", "a \"text\""}}});
    return get(file_);
  }
  void with_header(const std::string& json, std::string_view elements) {
    const uint64_t length = json.size();
    put(file_,
        std::string(reinterpret_cast<const char*>(&length), 8) + json + std::string(elements));
  }
  void expect_refused(const std::string& json, std::string_view elements, const std::string& says) {
    with_header(json, elements);
    EXPECT_THAT([&] { read_safetensors(file_); }, ThrowsMessage<DataError>(HasSubstr(says)))
        << json;
  }
};

TEST_F(Safetensors, TensorsAndTextsComeBack) {
  written();
  const SafetensorsFile file = read_safetensors(file_, Checksum::required);
  EXPECT_EQ(file.metadata, (std::map<std::string, std::string>{{"note", "a \"text\""}}));
  EXPECT_EQ(file.tensors.at("w").shape, (Shape{3, 2}));
  EXPECT_EQ(values(file.tensors.at("w")), (std::vector<double>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(file.tensors.at("mask").dtype, DType::bool_);
}

TEST_F(Safetensors, EveryFlippedBitIsNoticed) {
  const std::string whole = written();
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] ^= static_cast<char>(1 << bit % 8);
    put(file_, damaged);
    EXPECT_THROW(read_safetensors(file_, Checksum::required), Error) << "bit " << bit;
  }
}

TEST_F(Safetensors, EveryTruncationIsNoticed) {
  const std::string whole = written();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    put(file_, whole.substr(0, size));
    EXPECT_THROW(read_safetensors(file_), Error) << size;
  }
}

TEST_F(Safetensors, FilesOfOthersNeedNoChecksum) {
  with_header(R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", "\x01\x02");
  EXPECT_EQ(values(read_safetensors(file_).tensors.at("x")), (std::vector<double>{1, 2}));
  EXPECT_THAT([&] { read_safetensors(file_, Checksum::required); },
              ThrowsMessage<DataError>(HasSubstr("the checksum is missing")));
}

TEST_F(Safetensors, BFloat16IsFloat32InMemory) {
  Tensor w = counted(DType::float32, {2, 5});
  static_cast<View&>(w) = transpose_view(w, {1, 0});
  const Tensor bias = counted(DType::float32, {3});
  write_safetensors(file_, {{{"w", w}, {"bias", bias}}, {}, {"w"}});
  const std::string whole = get(file_);
  EXPECT_THAT(whole, HasSubstr(R"("w":{"dtype":"BF16","shape":[5,2],"data_offsets":[12,32]})"));
  const SafetensorsFile file = read_safetensors(file_, Checksum::required);
  EXPECT_EQ(file.tensors.at("w").dtype, DType::float32);
  EXPECT_EQ(values(file.tensors.at("w")), values(w));
  EXPECT_EQ(values(file.tensors.at("bias")), values(bias));
  EXPECT_EQ(file.bfloat16, std::set<std::string>{"w"});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] ^= 1;
    put(file_, damaged);
    EXPECT_THROW(read_safetensors(file_, Checksum::required), Error) << "byte " << at;
  }
  with_header(R"({"x":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}})",
              std::string_view("\x80\x3f\x40\xc0", 4));
  EXPECT_EQ(values(read_safetensors(file_).tensors.at("x")), (std::vector<double>{1, -3}));
}

TEST_F(Safetensors, HeadersThatLieAreRefused) {
  const auto entry = [](const std::string& dtype, const std::string& shape,
                        const std::string& offsets) {
    return R"({"x":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
           offsets + "}}";
  };
  expect_refused("[1]", "", "not a JSON object");
  expect_refused(R"({"x":3})", "", "no dtype");
  expect_refused(entry("F16", "[1]", "[0,2]"), "12", "dtype F16 is not supported");
  expect_refused(entry("BF16", "[1]", "[0,4]"), "1234", "doesn't fill bytes 0 to 4");
  expect_refused(entry("U8", "[3]", "[0,2]"), "12", "doesn't fill bytes 0 to 2");
  expect_refused(entry("U8", "[-1]", "[0,2]"), "12", "shape -1");
  expect_refused(entry("F64", "[9223372036854775807]", "[0,8]"), "12345678", "doesn't fill");
  expect_refused(entry("U8", "[2]", "[1,3]"), "123", "leaves a hole");
  expect_refused(entry("U8", "[2]", "[0,2]"), "1", "truncated");
  expect_refused(entry("U8", "[2]", "[0,2]"), "123", "belong to no tensor");
  expect_refused(entry("BOOL", "[2]", "[0,2]"), "\x01\x02", "neither 0 nor 1");
}

}  // namespace
}  // namespace lanewise
