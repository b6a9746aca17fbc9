#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/bfloat16.h"
#include "base/shape_errors.h"
#include "io/file.h"
#include "io/safetensors.h"
#include "io/safetensors_format.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

using namespace safetensors;
using Json = nlohmann::json;

struct Range {
  int64_t begin, end;
  std::string name;
  bool bfloat16;
};

class Reader {
 public:
  Reader(const std::string& path, Checksum checksum)
      : path_(path), checksum_(checksum), file_(path) {}

  SafetensorsFile read() {
    read_header();
    SafetensorsFile result;
    for (const auto& [name, entry] : header_.items()) {
      if (name == kMetadata) result.metadata = metadata(entry);
      else result.tensors.emplace(name, describe(name, entry));
    }
    check_ranges();
    for (const Range& range : ranges_) {
      load(range, result.tensors[range.name]);
      if (range.bfloat16) result.bfloat16.insert(range.name);
    }
    check_checksum();
    return result;
  }

 private:
  [[noreturn]] void fail(int64_t offset, const std::string& problem) const {
    throw DataError(fmt::format("{}: {} (offset {})", path_, problem, offset), path_, -1, offset);
  }

  void read_header() {
    if (!file_.regular()) throw IoError(path_, "is not a regular file");
    if (file_.size() < 8) fail(file_.size(), "truncated: no safetensors file is this short");
    uint64_t length = 0;
    file_.read_at(0, &length, 8);
    if (length > static_cast<uint64_t>(kMaxHeader)) {
      fail(0, fmt::format("not a safetensors file, or damaged: a header of {} bytes", length));
    }
    data_begin_ = 8 + static_cast<int64_t>(length);
    if (data_begin_ > file_.size()) {
      fail(file_.size(), fmt::format("truncated within the header of {} bytes", length));
    }
    text_.resize(length);
    file_.read_at(8, text_.data(), static_cast<int64_t>(length));
    header_ = Json::parse(text_, nullptr, /*allow_exceptions=*/false);
    if (!header_.is_object()) fail(8, "damaged: the header is not a JSON object");
  }

  std::map<std::string, std::string> metadata(const Json& entry) const {
    std::map<std::string, std::string> result;
    if (!entry.is_object()) fail(8, "damaged: the metadata is not a JSON object");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) fail(8, fmt::format("damaged: metadata '{}' is not a text", key));
      if (key != kChecksum) result[key] = value.get<std::string>();
    }
    return result;
  }

  // The tensor of an entry, without memory yet; its range goes to ranges_.
  Tensor describe(const std::string& name, const Json& entry) {
    const auto bad = [&](const std::string& why) {
      fail(8, fmt::format("tensor '{}': {}", name, why));
    };
    const auto list = [&](const char* key) {
      std::vector<int64_t> values;
      if (!entry.contains(key) || !entry[key].is_array()) bad(fmt::format("no {}", key));
      for (const Json& value : entry[key]) {
        if (!value.is_number_unsigned() || value.get<uint64_t>() > INT64_MAX) {
          bad(fmt::format("{} {}", key, value.dump()));
        }
        values.push_back(value.get<int64_t>());
      }
      return values;
    };
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string())
      bad("no dtype");
    const auto dtype = entry["dtype"].get<std::string>();
    const bool bfloat16 = dtype == kBFloat16;
    const auto known = std::find(std::begin(kDTypeNames), std::end(kDTypeNames), dtype);
    if (known == std::end(kDTypeNames) && !bfloat16) {
      bad(fmt::format("dtype {} is not supported (known: {}, {})", dtype,
                      fmt::join(kDTypeNames, ", "), kBFloat16));
    }
    Tensor tensor;
    tensor.dtype = bfloat16 ? DType::float32 : static_cast<DType>(known - std::begin(kDTypeNames));
    const std::size_t element = bfloat16 ? sizeof(uint16_t) : size_of(tensor.dtype);
    const std::vector<int64_t> shape = list("shape"), offsets = list("data_offsets");
    if (shape.size() > kMaxRank) bad(fmt::format("more than {} axes", kMaxRank));
    if (offsets.size() != 2) bad("data_offsets are not two numbers");
    tensor.shape = Shape(shape.begin(), shape.end());
    const auto bytes = try_count(tensor.shape, static_cast<int64_t>(element));
    if (!bytes || offsets[1] < offsets[0] || offsets[1] - offsets[0] != *bytes) {
      bad(fmt::format("shape {} doesn't fill bytes {} to {}", to_string(tensor.shape), offsets[0],
                      offsets[1]));
    }
    ranges_.push_back({offsets[0], offsets[1], name, bfloat16});
    return tensor;
  }

  // The ranges must follow one another without overlap or hole, to the end of the file.
  void check_ranges() {
    std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) {
      return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    });
    int64_t expected = 0;
    for (const Range& range : ranges_) {
      if (range.begin != expected) {
        fail(data_begin_ + std::min(range.begin, expected),
             fmt::format("tensor '{}' {}", range.name,
                         range.begin < expected ? "overlaps another" : "leaves a hole before it"));
      }
      expected = range.end;
    }
    const int64_t held = file_.size() - data_begin_;
    if (held < expected) {
      fail(file_.size(),
           fmt::format("truncated: {} bytes of tensors, expected {}", held, expected));
    }
    if (held > expected) fail(data_begin_ + expected, "bytes that belong to no tensor");
  }

  void load_bytes(const Range& range, void* to) {
    file_.read_at(data_begin_ + range.begin, to, range.end - range.begin);
    crc_ = safetensors::crc32(crc_, to, range.end - range.begin);
  }

  void load(const Range& range, Tensor& tensor) {
    tensor = Tensor::empty(tensor.dtype, tensor.shape);
    if (range.bfloat16) {
      std::vector<uint16_t> halves(static_cast<std::size_t>(tensor.size()));
      load_bytes(range, halves.data());
      std::transform(halves.begin(), halves.end(), tensor.as<float>(), from_bfloat16);
      return;
    }
    load_bytes(range, tensor.data);
    if (tensor.dtype != DType::bool_) return;
    for (int64_t i = 0; i < tensor.size(); ++i) {
      if (tensor.data[i] > std::byte{1}) {
        fail(data_begin_ + range.begin + i,
             fmt::format("tensor '{}': a bool that is neither 0 nor 1", range.name));
      }
    }
  }

  // crc_ covers the elements by now; the header comes before them.
  void check_checksum() {
    const auto at = find_checksum(text_);
    if (!at) {
      if (checksum_ == Checksum::required) fail(8, "damaged: the checksum is missing");
      return;
    }
    const std::string digits = text_.substr(*at, kNoDigits.size());
    text_.replace(*at, kNoDigits.size(), kNoDigits);
    const uint32_t head = safetensors::crc32(0, text_.data(), static_cast<int64_t>(text_.size()));
    const uint32_t crc = safetensors::crc32_combine(head, crc_, file_.size() - data_begin_);
    if (digits != fmt::format("{:08x}", crc)) {
      fail(8, fmt::format("damaged: checksum {:08x}, expected {}", crc, digits));
    }
  }

  const std::string& path_;
  Checksum checksum_;
  File file_;
  int64_t data_begin_ = 0;
  std::string text_;
  Json header_;
  std::vector<Range> ranges_;
  uint32_t crc_ = 0;
};

}  // namespace

SafetensorsFile read_safetensors(const std::string& path, Checksum checksum) {
  return Reader(path, checksum).read();
}

}  // namespace lanewise
