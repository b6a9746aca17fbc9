#include "io/npy_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/shape_errors.h"
#include "lanewise/error.h"

static_assert(std::endian::native == std::endian::little, "files are written little-endian");

namespace lanewise {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr int64_t kMaxText = 1 << 20;  // a head is about 100 bytes; more is damage

// Reads the Python literal, which starts at `base` in the file.
class LiteralParser {
 public:
  LiteralParser(std::string_view text, std::string name, int64_t base)
      : text_(text), name_(std::move(name)), base_(base) {}

  NpyHeader parse() {
    NpyHeader header;
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr") header.element = element(), has_descr = true;
      else if (key == "fortran_order") header.fortran_order = boolean(), has_order = true;
      else if (key == "shape") header.shape = shape(), has_shape = true;
      else fail("unknown key '" + key + "'");
      if (!accept(',') && peek() != '}') fail("expected ',' or '}'");
    }
    if (!has_descr || !has_order || !has_shape) fail("descr, fortran_order or shape is missing");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    const int64_t offset = base_ + static_cast<int64_t>(at_);
    throw DataError(fmt::format("{}: damaged .npy header at offset {}: {}", name_, offset, problem),
                    name_, -1, offset);
  }
  [[noreturn]] void refuse(const std::string& elements) const {
    throw DataError(fmt::format("{}: arrays of {} are not supported (known: bool, integers "
                                "to 64 bits, float16, float32, float64)",
                                name_, elements),
                    name_, -1, base_ + static_cast<int64_t>(at_));
  }
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(fmt::format("expected '{}'", c));
  }
  std::string string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("expected a string");
    const size_t end = text_.find(quote, at_ + 1);
    if (end == text_.npos) fail("a string doesn't end");
    const std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }
  bool boolean() {
    peek();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    fail("expected True or False");
  }
  int64_t extent() {
    peek();
    int64_t value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) fail("an extent is not a number from 0 to 2^63 - 1");
    at_ += static_cast<size_t>(end - begin);
    accept('L');  // Python 2 wrote long integers so
    return value;
  }
  Shape shape() {
    Shape result;
    expect('(');
    while (!accept(')')) {
      if (result.rank() == kMaxRank) fail(fmt::format("more than {} axes", kMaxRank));
      result.push_back(extent());
      if (!accept(',') && peek() != ')') fail("expected ',' or ')'");
    }
    return result;
  }
  NpyElement element() {
    if (peek() == '[') refuse("a structured dtype");
    const std::string descr = string();
    if (descr.size() < 2) fail("dtype '" + descr + "'");
    const bool order = std::string_view("<>|=").find(descr[0]) != std::string_view::npos;
    const std::string_view type = std::string_view(descr).substr(order ? 1 : 0);
    struct Known {
      std::string_view type;
      DType dtype;
    };
    static constexpr Known kKnown[] = {
        {"b1", DType::bool_},   {"i1", DType::int8},    {"u1", DType::uint8},
        {"i2", DType::int32},   {"u2", DType::int32},   {"i4", DType::int32},
        {"u4", DType::int64},   {"i8", DType::int64},   {"u8", DType::int64},
        {"f2", DType::float32}, {"f4", DType::float32}, {"f8", DType::float64}};
    for (const Known& known : kKnown) {
      if (known.type != type) continue;
      const int bytes = type[1] - '0';
      return {type[0], bytes, descr[0] == '>' && bytes > 1, known.dtype};
    }
    refuse(type[0] == 'O' ? "dtype object" : "dtype '" + descr + "'");
  }

  std::string_view text_;
  std::string name_;
  int64_t base_;
  size_t at_ = 0;
};

void need(const ByteReader& in, int64_t bytes, const char* what) {
  if (in.size() - in.offset() >= bytes) return;
  throw DataError(fmt::format("{}: truncated at offset {}, within {}", in.name(), in.size(), what),
                  in.name(), -1, in.size());
}

void check_magic(ByteReader& in) {
  char magic[6];
  need(in, sizeof magic, "the magic bytes of a .npy file");
  in.read(magic, sizeof magic);
  if (std::string_view(magic, sizeof magic) == kMagic) return;
  const bool zip = magic[0] == 'P' && magic[1] == 'K';
  throw DataError(fmt::format("{}: not a .npy file (offset 0){}", in.name(),
                              zip ? "; it looks like a .npz archive" : ""),
                  in.name(), -1, 0);
}

// The file must hold what the shape claims, before anything is allocated.
void check_size(const ByteReader& in, const NpyHeader& header) {
  const std::optional<int64_t> bytes = try_count(header.shape, header.element.bytes);
  const int64_t held = in.size() - header.data_offset;
  if (bytes && *bytes <= held) return;
  const std::string claim = bytes ? fmt::format("{} bytes", *bytes) : "more than 2^63 bytes";
  throw DataError(fmt::format("{}: truncated at offset {}: shape {} needs {} of elements, the file "
                              "holds {}",
                              in.name(), in.size(), to_string(header.shape), claim, held),
                  in.name(), -1, in.size());
}

}  // namespace

NpyHeader read_npy_header(ByteReader& in) {
  check_magic(in);
  uint8_t version[2];
  need(in, 2, "the version of a .npy file");
  in.read(version, 2);
  if (version[0] < 1 || version[0] > 3) {
    throw DataError(fmt::format("{}: .npy version {}.{} at offset 6 is not known (1 to 3 are)",
                                in.name(), version[0], version[1]),
                    in.name(), -1, 6);
  }
  uint32_t length = 0;
  const int length_bytes = version[0] == 1 ? 2 : 4;
  need(in, length_bytes, "the length of the header");
  in.read(&length, length_bytes);
  if (length > kMaxText) {
    throw DataError(fmt::format("{}: .npy header of {} bytes at offset 8", in.name(), length),
                    in.name(), -1, 8);
  }
  need(in, length, "the header");
  std::string text(length, '\0');
  const int64_t base = in.offset();
  in.read(text.data(), length);
  NpyHeader header = LiteralParser(text, in.name(), base).parse();
  header.data_offset = in.offset();
  check_size(in, header);
  return header;
}

std::string npy_header(DType dtype, const Shape& shape, size_t bytes, bool fortran_order) {
  static constexpr std::string_view kDescr[] = {"|b1", "|i1", "|u1", "<i4", "<i8", "<f4", "<f8"};
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}",
                                 kDescr[static_cast<int>(dtype)], fortran_order ? "True" : "False",
                                 to_string(shape));
  constexpr size_t kBefore = 10;  // magic, version, length
  const size_t total = std::max(bytes, (kBefore + text.size() + 1 + 63) / 64 * 64);
  text.append(total - kBefore - text.size() - 1, ' ');
  text += '\n';
  const auto length = static_cast<uint16_t>(text.size());
  std::string head(kMagic);
  head += {'\x01', '\x00', static_cast<char>(length & 0xff), static_cast<char>(length >> 8)};
  return head + text;
}

}  // namespace lanewise
