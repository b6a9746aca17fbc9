#include "io/zip_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "lanewise/error.h"

namespace lanewise {
namespace {

constexpr int64_t kEnd = 22, kLocator = 20, kEnd64 = 56, kEntry = 46, kLocal = 30;
constexpr int64_t kLongestComment = 65535;
constexpr uint32_t kSeeZip64 = 0xffffffff;

class DirectoryReader {
 public:
  explicit DirectoryReader(const File& file) : file_(file) {}

  std::vector<ZipEntry> read() {
    find_directory();
    std::vector<ZipEntry> entries;
    int64_t at = directory_;
    for (uint64_t i = 0; i < count_; ++i) entries.push_back(entry(at));
    return entries;
  }

 private:
  [[noreturn]] void damaged(int64_t offset, const std::string& problem) const {
    throw DataError(
        fmt::format("{}: damaged archive at offset {}: {}", file_.path(), offset, problem),
        file_.path(), -1, offset);
  }

  // `bytes` at `offset`, which damage may have put anywhere.
  std::string bytes_at(int64_t offset, int64_t bytes, const char* what) const {
    if (offset < 0 || offset > file_.size() || bytes > file_.size() - offset)
      damaged(offset, fmt::format("{} lies beyond the end of the file", what));
    std::string text(static_cast<size_t>(bytes), '\0');
    file_.read_at(offset, text.data(), bytes);
    return text;
  }
  std::string record_at(int64_t offset, int64_t bytes, std::string_view magic,
                        const char* what) const {
    std::string record = bytes_at(offset, bytes, what);
    if (!record.starts_with(magic)) damaged(offset, fmt::format("no {} here", what));
    return record;
  }
  template <class T>
  static T get(std::string_view record, size_t at) {
    T value;
    std::memcpy(&value, record.data() + at, sizeof value);
    return value;
  }
  int64_t get64(std::string_view record, size_t at, int64_t offset) const {
    const auto value = get<uint64_t>(record, at);
    if (value > static_cast<uint64_t>(file_.size()) * kMaxExpansion)
      damaged(offset, fmt::format("{} bytes are claimed", value));
    return static_cast<int64_t>(value);
  }

  void find_directory() {
    const int64_t tail_bytes = std::min(file_.size(), kEnd + kLongestComment);
    const int64_t tail_at = file_.size() - tail_bytes;
    const std::string tail = bytes_at(tail_at, tail_bytes, "the end");
    const size_t found = tail.size() < kEnd ? tail.npos : tail.rfind("PK\5\6", tail.size() - kEnd);
    if (found == tail.npos)
      throw DataError(fmt::format("{}: not a readable .npz archive: no directory at its end (is it "
                                  "truncated?)",
                                  file_.path()),
                      file_.path(), -1, file_.size());
    const std::string_view end = std::string_view(tail).substr(found);
    count_ = get<uint16_t>(end, 10);
    directory_ = get<uint32_t>(end, 16);
    const int64_t locator_at = tail_at + static_cast<int64_t>(found) - kLocator;
    if (locator_at < 0) return;
    const std::string locator = bytes_at(locator_at, kLocator, "the locator");
    if (!locator.starts_with("PK\6\7")) return;
    const int64_t end64_at = get64(locator, 8, locator_at);
    const std::string end64 = record_at(end64_at, kEnd64, "PK\6\6", "zip64 end of the directory");
    count_ = get<uint64_t>(end64, 32);
    directory_ = get64(end64, 48, end64_at);
  }

  ZipEntry entry(int64_t& at) const {
    const std::string head = record_at(at, kEntry, "PK\1\2", "entry of the directory");
    const int64_t name_bytes = get<uint16_t>(head, 28), extra_bytes = get<uint16_t>(head, 30);
    ZipEntry entry;
    entry.name = bytes_at(at + kEntry, name_bytes, "a name");
    const int method = get<uint16_t>(head, 10);
    if (get<uint16_t>(head, 8) & 1) damaged(at, fmt::format("'{}' is encrypted", entry.name));
    if (method != 0 && method != 8)
      damaged(at, fmt::format("'{}' is packed by method {}; stored and deflated ones can be read",
                              entry.name, method));
    entry.deflated = method == 8;
    entry.crc32 = get<uint32_t>(head, 16);
    entry.stored_bytes = get<uint32_t>(head, 20);
    entry.bytes = get<uint32_t>(head, 24);
    int64_t local = get<uint32_t>(head, 42);
    const std::string extra = bytes_at(at + kEntry + name_bytes, extra_bytes, "an extra field");
    take_zip64(extra, at, {&entry.bytes, &entry.stored_bytes, &local});
    entry.offset = data_offset(local, entry);
    at += kEntry + name_bytes + extra_bytes + get<uint16_t>(head, 32);
    return entry;
  }

  // Values that don't fit 32 bits stand in the extra field 1, in this order.
  void take_zip64(std::string_view extra, int64_t at,
                  std::initializer_list<int64_t*> values) const {
    while (extra.size() >= 4) {
      const size_t bytes = std::min<size_t>(get<uint16_t>(extra, 2), extra.size() - 4);
      std::string_view field = extra.substr(4, bytes);
      if (get<uint16_t>(extra, 0) == 1)
        for (int64_t* value : values) {
          if (*value != kSeeZip64 || field.size() < 8) continue;
          *value = get64(field, 0, at);
          field.remove_prefix(8);
        }
      extra.remove_prefix(4 + bytes);
    }
  }

  int64_t data_offset(int64_t local, const ZipEntry& entry) const {
    const std::string head = record_at(local, kLocal, "PK\3\4", "entry");
    const int64_t offset = local + kLocal + get<uint16_t>(head, 26) + get<uint16_t>(head, 28);
    if (offset > file_.size() || entry.stored_bytes > file_.size() - offset)
      damaged(file_.size(),
              fmt::format("'{}' of {} bytes is cut off", entry.name, entry.stored_bytes));
    if (!entry.deflated && entry.bytes != entry.stored_bytes)
      damaged(local, fmt::format("'{}' is stored, yet has two sizes", entry.name));
    if (entry.bytes / kMaxExpansion > entry.stored_bytes)
      damaged(local, fmt::format("'{}' claims {} bytes from {} compressed ones", entry.name,
                                 entry.bytes, entry.stored_bytes));
    return offset;
  }

  // Deflate never gains more than this, so a larger claim is damage or a trap.
  static constexpr int64_t kMaxExpansion = 1100;

  const File& file_;
  int64_t directory_ = 0;
  uint64_t count_ = 0;
};

}  // namespace

std::vector<ZipEntry> read_zip_directory(const File& file) { return DirectoryReader(file).read(); }

}  // namespace lanewise
