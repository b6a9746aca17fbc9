#include "base/utf8.h"

#include <algorithm>

namespace lanewise {
namespace {

struct Sequence {
  unsigned char first, last;  // of its first byte
  std::size_t length;
  unsigned char second, second_last;  // of its second byte; others are 80 … BF
};
constexpr Sequence kSequences[] = {
    {0x00, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

// Of the sequence that begins there; 0: none does.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (const Sequence& s : kSequences) {
    if (byte(0) < s.first || byte(0) > s.last) continue;
    if (text.size() < s.length) return 0;
    if (s.length > 1 && (byte(1) < s.second || byte(1) > s.second_last)) return 0;
    for (std::size_t i = 2; i < s.length; ++i)
      if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
    return s.length;
  }
  return 0;
}

bool is_ascii(std::string_view text) {
  unsigned char all = 0;
  for (char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

}  // namespace

std::size_t first_not_utf8(std::string_view text) {
  constexpr std::size_t kRun = 256;  // most text is ASCII
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(at + kRun, text.size());
    if (is_ascii(text.substr(at, end - at))) at = end;
    while (at < end) {
      const std::size_t length = sequence_length(text.substr(at));
      if (length == 0) return at;
      at += length;
    }
  }
  return std::string_view::npos;
}

}  // namespace lanewise
