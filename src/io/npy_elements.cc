// Elements of a .npy file become those of a dtype, a piece at a time.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <vector>

#include "io/npy.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

constexpr int64_t kPiece = 1 << 16;  // elements converted at a time

// What a file holds and C++ has no type for. A bool that is neither 0 nor 1 would be undefined.
struct Half {
  uint16_t bits;
};
struct Truth {
  uint8_t byte;
};

float number(Half half) {
  const uint32_t sign = static_cast<uint32_t>(half.bits & 0x8000) << 16;
  const uint32_t exponent = (half.bits >> 10) & 31, fraction = half.bits & 1023;
  if (exponent == 0) {  // zero or denormal: fraction · 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  const uint32_t wide = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}
bool number(Truth truth) { return truth.byte != 0; }
template <class T>
T number(T x) {
  return x;
}

template <class From, class To>
void convert_each(const std::byte* raw, int64_t count, std::byte* out) {
  for (int64_t i = 0; i < count; ++i) {
    From from;
    std::memcpy(&from, raw + i * static_cast<int64_t>(sizeof from), sizeof from);
    const To to = static_cast<To>(number(from));
    std::memcpy(out + i * static_cast<int64_t>(sizeof to), &to, sizeof to);
  }
}

// To the dtype that holds every value of From, that of Own, or to a float.
template <class From, class Own = From>
void convert(const std::byte* raw, int64_t count, DType dtype, std::byte* out) {
  if (dtype == DType::float32) convert_each<From, float>(raw, count, out);
  else if (dtype == DType::float64) convert_each<From, double>(raw, count, out);
  else convert_each<From, Own>(raw, count, out);
}

void convert(const NpyElement& element, const std::byte* raw, int64_t count, std::byte* out) {
  const DType dtype = element.dtype;
  const bool is_unsigned = element.kind == 'u';
  if (element.kind == 'b') return convert<Truth, bool>(raw, count, dtype, out);
  if (element.kind == 'f') {
    if (element.bytes == 2) return convert<Half, float>(raw, count, dtype, out);
    return element.bytes == 4 ? convert<float>(raw, count, dtype, out)
                              : convert<double>(raw, count, dtype, out);
  }
  switch (element.bytes) {
    case 1:
      return is_unsigned ? convert<uint8_t>(raw, count, dtype, out)
                         : convert<int8_t>(raw, count, dtype, out);
    case 2:
      return is_unsigned ? convert<uint16_t, int32_t>(raw, count, dtype, out)
                         : convert<int16_t, int32_t>(raw, count, dtype, out);
    case 4:
      return is_unsigned ? convert<uint32_t, int64_t>(raw, count, dtype, out)
                         : convert<int32_t>(raw, count, dtype, out);
    default:
      return is_unsigned ? convert<uint64_t, int64_t>(raw, count, dtype, out)
                         : convert<int64_t>(raw, count, dtype, out);
  }
}

void swap_bytes(std::byte* raw, int64_t count, int width) {
  for (int64_t i = 0; i < count; ++i) std::reverse(raw + i * width, raw + (i + 1) * width);
}

void check_fit_int64(const ByteReader& in, const std::byte* raw, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    uint64_t x;
    std::memcpy(&x, raw + i * 8, sizeof x);
    if (x > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      throw DataError(fmt::format("{}: uint64 value {} doesn't fit int64", in.name(), x), in.name(),
                      -1, in.offset());
  }
}

}  // namespace

void read_npy_elements(ByteReader& in, const NpyElement& element, int64_t count, std::byte* out) {
  if (element.same_bytes()) return in.read(out, count * element.bytes);
  std::vector<std::byte> raw(static_cast<size_t>(std::min(count, kPiece) * element.bytes));
  const auto width = static_cast<int64_t>(size_of(element.dtype));
  for (int64_t done = 0; done < count; done += kPiece) {
    const int64_t piece = std::min(kPiece, count - done);
    in.read(raw.data(), piece * element.bytes);
    if (element.swapped) swap_bytes(raw.data(), piece, element.bytes);
    if (element.kind == 'u' && element.dtype == DType::int64 && element.bytes == 8)
      check_fit_int64(in, raw.data(), piece);
    convert(element, raw.data(), piece, out + done * width);
  }
}

}  // namespace lanewise
