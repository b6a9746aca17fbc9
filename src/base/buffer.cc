#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "base/environment.h"
#include "base/tensor.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kLarge = 2 * kHugePage;

std::size_t round_up(std::size_t bytes, std::size_t multiple) {
  return (bytes + multiple - 1) / multiple * multiple;
}

#ifdef __SANITIZE_ADDRESS__
constexpr int64_t kKeepAtMost = 0;  // a use after release must not go unseen
#else
constexpr int64_t kKeepAtMost = INT64_MAX;
#endif

// Large memory that was released and waits for the next buffer that asks: fresh pages take longer
// to be handed out and cleared than most operations take to fill them. Where memory runs short,
// the system takes the pages back. Nobody waits here for a lock, not even the child of a fork: who
// finds it taken allocates or frees.
class Released {
 public:
  // Null where none has this size.
  void* take(std::size_t bytes) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return nullptr;
    for (Kept& k : kept_)
      if (k.data && k.bytes == bytes) return remove(k);
    return nullptr;
  }

  void give(void* data, std::size_t bytes) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || bytes > limit_) return std::free(data);
    Kept& place = kept_[next_++ % kept_.size()];
    std::free(remove(place));
    for (std::size_t i = 0; total_ + bytes > limit_; ++i) std::free(remove(kept_[i]));
    madvise(data, bytes, MADV_FREE);
    place = {data, bytes};
    total_ += bytes;
  }

 private:
  struct Kept {
    void* data = nullptr;
    std::size_t bytes = 0;
  };

  void* remove(Kept& k) {
    total_ -= k.bytes;
    return std::exchange(k, {}).data;
  }

  static int64_t most_kept() {
    const int64_t memory = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
    return number_from_environment("LANEWISE_KEEP_MEMORY", 0, memory / 8);
  }

  std::mutex mutex_;
  std::array<Kept, 8> kept_;
  std::size_t next_ = 0, total_ = 0;
  const std::size_t limit_ = static_cast<std::size_t>(std::min(kKeepAtMost, most_kept()));
};

// Never destroyed: buffers of static objects may outlive it.
Released& released() {
  static Released& it = *new Released;
  return it;
}

}  // namespace

Buffer Buffer::allocate(std::size_t bytes) {
  const bool large = bytes >= kLarge;
  const std::size_t alignment = large ? kHugePage : kAlignment;
  const std::size_t rounded = round_up(std::max<std::size_t>(bytes, 1), alignment);
  void* data = large ? released().take(rounded) : nullptr;
  if (!data && rounded >= bytes) {
    data = std::aligned_alloc(alignment, rounded);
    if (data && large) madvise(data, rounded, MADV_HUGEPAGE);
  }
  if (!data)
    throw ValueError(fmt::format("out of memory: {} bytes ({:.1f} GB) could not be allocated",
                                 bytes, static_cast<double>(bytes) / 1e9));
  auto release = [rounded, large](void* memory) {
    if (large) released().give(memory, rounded);
    else std::free(memory);
  };
  return {std::shared_ptr<void>(data, release), static_cast<std::byte*>(data), bytes};
}

}  // namespace lanewise
