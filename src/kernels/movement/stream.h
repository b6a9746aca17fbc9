// Memory that is written around the caches, or read before it is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/loop_nest.h"

namespace lanewise::kernels::fast {

// Whether a result of so many bytes is better written around the caches: they could not hold it
// anyway, and the processor need not read a line before it writes it.
bool exceeds_caches(int64_t bytes);

// Other threads see the copy after end_streams() of this one. Meanwhile as many bytes from `next`
// on are brought into the caches: the processor is slow to take in lines where it is told all at
// once.
void stream_copy(const std::byte* from, std::byte* to, int64_t bytes,
                 const std::byte* next = nullptr);
void end_streams();

// What comes from memory and goes there does so in pieces of so many elements, short enough for the
// processor to compute one while the lines of others move. They end where lines do.
inline constexpr int64_t kPiece = 128;
inline constexpr int64_t kFetchAhead = 2 << 10;  // bytes
inline constexpr int64_t kLine = 64;
// Elements of a line that are before `to`.
inline int64_t begun_line(const std::byte* to, int64_t bytes) {
  return static_cast<int64_t>(reinterpret_cast<uintptr_t>(to) % kLine) / bytes;
}

// loop(data, strides, count), whose result, the last operand, goes around the caches.
// bytes: of an element of each operand.
void run_streamed(Loop loop, std::span<const int64_t> bytes, std::byte* const* data,
                  const int64_t* strides, int64_t count);

// Brings the lines that begin in bytes begin … end - 1 after `from` into the caches. They need not
// exist. Always inlined: GCC 12 takes a function that does nothing else for one without effect and
// drops the calls.
[[gnu::always_inline]] inline void fetch(const std::byte* from, int64_t begin, int64_t end) {
  for (int64_t at = (begin + kLine - 1) / kLine * kLine; at < end; at += kLine)
    __builtin_prefetch(from + at, 0, 3);
}

}  // namespace lanewise::kernels::fast
