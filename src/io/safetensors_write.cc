#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

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
  Tensor rows;
  int64_t bytes() const { return rows.size() * static_cast<int64_t>(size_of(rows.dtype)); }
};

// Widest elements first: then all of them are aligned.
std::vector<Entry> layout(const SafetensorsFile& file) {
  std::vector<Entry> entries;
  for (const auto& [name, tensor] : file.tensors) {
    if (name == kMetadata) throw ValueError("a tensor can't be named '__metadata__'");
    entries.push_back({name, row_major(tensor)});
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return size_of(a.rows.dtype) > size_of(b.rows.dtype);
  });
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
    header[entry.name] = {
        {"dtype", kDTypeNames[static_cast<int>(entry.rows.dtype)]},
        {"shape", std::vector<int64_t>(entry.rows.shape.begin(), entry.rows.shape.end())},
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
  for (const Entry& entry : entries) crc = safetensors::crc32(crc, entry.rows.data, entry.bytes());
  header.replace(*find_checksum(header), kNoDigits.size(), fmt::format("{:08x}", crc));

  AtomicFile out(path);
  const uint64_t length = header.size();
  out.write(&length, sizeof length);
  out.write(header.data(), static_cast<int64_t>(length));
  for (const Entry& entry : entries) out.write(entry.rows.data, entry.bytes());
  out.commit();
}

}  // namespace lanewise
