#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/bfloat16.h"
#include "io/atomic_file.h"
#include "io/row_major.h"
#include "io/safetensors.h"
#include "io/safetensors_format.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

using namespace safetensors;
using Json = nlohmann::ordered_json;

struct Entry {
  std::string name;
  std::string_view dtype;
  Shape shape;
  Tensor elements;  // row-major, as they are stored
  std::size_t element_size;
  int64_t bytes() const { return elements.bytes(); }
};

Entry as_it_is(const std::string& name, const Tensor& tensor) {
  const std::size_t size = size_of(tensor.dtype);
  return {name, kDTypeNames[static_cast<int>(tensor.dtype)], tensor.shape, row_major(tensor), size};
}

Entry as_bfloat16(const std::string& name, const Tensor& tensor) {
  const Tensor rows = row_major(tensor);
  const Tensor halves =
      Tensor::empty(DType::uint8, {rows.size() * static_cast<int64_t>(sizeof(uint16_t))});
  std::transform(rows.as<float>(), rows.as<float>() + rows.size(), halves.as<uint16_t>(),
                 nearest_bfloat16);
  return {name, kBFloat16, tensor.shape, halves, sizeof(uint16_t)};
}

// Widest elements first: then all of them are aligned.
std::vector<Entry> layout(const SafetensorsFile& file) {
  std::vector<Entry> entries;
  for (const auto& [name, tensor] : file.tensors) {
    if (name == kMetadata) throw ValueError("a tensor can't be named '__metadata__'");
    entries.push_back(file.bfloat16.contains(name) ? as_bfloat16(name, tensor)
                                                   : as_it_is(name, tensor));
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.element_size > b.element_size; });
  return entries;
}

std::string header_text(const SafetensorsFile& file, const std::vector<Entry>& entries) {
  Json header;
  Json& metadata = header[std::string(kMetadata)];
  metadata[std::string(kChecksum)] = kNoDigits;  // first: no other text can look like it before
  for (const auto& [key, value] : file.metadata) {
    if (key != kChecksum) metadata[key] = value;
  }
  int64_t offset = 0;
  for (const Entry& entry : entries) {
    header[entry.name] = {{"dtype", entry.dtype},
                          {"shape", std::vector<int64_t>(entry.shape.begin(), entry.shape.end())},
                          {"data_offsets", {offset, offset + entry.bytes()}}};
    offset += entry.bytes();
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception& e) {
    throw ValueError(fmt::format("names and metadata must be UTF-8: {}", e.what()));
  }
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

}  // namespace

void write_safetensors(const std::string& path, const SafetensorsFile& file) {
  const std::vector<Entry> entries = layout(file);
  std::string header = header_text(file, entries);
  uint32_t crc = safetensors::crc32(0, header.data(), static_cast<int64_t>(header.size()));
  for (const Entry& entry : entries)
    crc = safetensors::crc32(crc, entry.elements.data, entry.bytes());
  header.replace(*find_checksum(header), kNoDigits.size(), fmt::format("{:08x}", crc));

  AtomicFile out(path);
  const uint64_t length = header.size();
  out.write(&length, sizeof length);
  out.write(header.data(), static_cast<int64_t>(length));
  for (const Entry& entry : entries) out.write(entry.elements.data, entry.bytes());
  out.commit();
}

}  // namespace lanewise
