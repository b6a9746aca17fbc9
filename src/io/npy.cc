#include "io/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <vector>

#include "io/atomic_file.h"
#include "io/row_major.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

constexpr int64_t kPiece = 1 << 16;  // elements converted at a time

float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t exponent = (half >> 10) & 31, fraction = half & 1023;
  if (exponent == 0) {  // zero or denormal: fraction · 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  const uint32_t wide = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

void swap_bytes(std::byte* raw, int64_t count, int width) {
  for (int64_t i = 0; i < count; ++i) std::reverse(raw + i * width, raw + (i + 1) * width);
}

template <class From, class To, class F>
void convert_each(const std::byte* raw, int64_t count, std::byte* out, F convert) {
  for (int64_t i = 0; i < count; ++i) {
    From from;
    std::memcpy(&from, raw + i * static_cast<int64_t>(sizeof from), sizeof from);
    const To to = convert(from);
    std::memcpy(out + i * static_cast<int64_t>(sizeof to), &to, sizeof to);
  }
}

// Raw elements in the order of this machine to those of element.dtype.
void convert(const ByteReader& in, const NpyElement& element, const std::byte* raw, int64_t count,
             std::byte* out) {
  const auto same = [](auto x) { return x; };
  if (element.kind == 'i' && element.bytes == 2) {
    convert_each<int16_t, int32_t>(raw, count, out, same);
  } else if (element.kind == 'u' && element.bytes == 2) {
    convert_each<uint16_t, int32_t>(raw, count, out, same);
  } else if (element.kind == 'u' && element.bytes == 4) {
    convert_each<uint32_t, int64_t>(raw, count, out, same);
  } else if (element.kind == 'f' && element.bytes == 2) {
    convert_each<uint16_t, float>(raw, count, out, half_to_float);
  } else if (element.wraps()) {
    convert_each<uint64_t, int64_t>(raw, count, out, [&](uint64_t x) {
      if (x <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        return static_cast<int64_t>(x);
      }
      throw DataError(fmt::format("{}: uint64 value {} doesn't fit int64", in.name(), x), in.name(),
                      -1, in.offset());
    });
  } else {
    std::memcpy(out, raw, static_cast<size_t>(count * element.bytes));
  }
}

// A bool that is neither 0 nor 1 would be undefined behaviour in C++.
void normalize_bools(std::byte* out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] = std::byte{out[i] != std::byte{0}};
}

}  // namespace

void read_npy_elements(ByteReader& in, const NpyElement& element, int64_t count, std::byte* out) {
  if (element.same_bytes()) {
    in.read(out, count * element.bytes);
    if (element.dtype == DType::bool_) normalize_bools(out, count);
    return;
  }
  std::vector<std::byte> raw(static_cast<size_t>(std::min(count, kPiece) * element.bytes));
  const auto width = static_cast<int64_t>(size_of(element.dtype));
  for (int64_t done = 0; done < count; done += kPiece) {
    const int64_t piece = std::min(kPiece, count - done);
    in.read(raw.data(), piece * element.bytes);
    if (element.swapped) swap_bytes(raw.data(), piece, element.bytes);
    convert(in, element, raw.data(), piece, out + done * width);
  }
}

Tensor read_npy(ByteReader& in) {
  const NpyHeader header = read_npy_header(in);
  Tensor result = Tensor::empty(header.element.dtype, header.shape);
  read_npy_elements(in, header.element, header.count(), result.data);
  if (header.fortran_order) {
    int64_t stride = 1;
    for (int axis = 0; axis < result.rank(); ++axis) {
      result.strides[axis] = stride;
      stride *= result.shape[axis];
    }
  }
  return result;
}

Tensor read_npy(const std::string& path) {
  const File file(path);
  if (!file.regular()) throw IoError(path, "is not a regular file");
  FileReader reader(file);
  return read_npy(reader);
}

void write_npy(const std::string& path, const Tensor& t) {
  const Tensor rows = row_major(t);
  const std::string header = npy_header(rows.dtype, rows.shape);
  AtomicFile file(path);
  file.write(header.data(), static_cast<int64_t>(header.size()));
  file.write(rows.data, rows.size() * static_cast<int64_t>(size_of(rows.dtype)));
  file.commit();
}

}  // namespace lanewise
