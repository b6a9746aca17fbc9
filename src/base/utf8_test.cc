#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace lanewise {
namespace {

constexpr auto kAll = std::string_view::npos;

TEST(Utf8, TakesWellFormedText) {
  for (const char* text : {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(first_not_utf8(text), kAll) << text;
}

TEST(Utf8, FindsTheFirstBadByte) {
  EXPECT_EQ(first_not_utf8("a\x80"), 1u);             // goes on without a beginning
  EXPECT_EQ(first_not_utf8("ab\xc3"), 2u);            // cut off
  EXPECT_EQ(first_not_utf8("\xc0\xaf"), 0u);          // longer than need be
  EXPECT_EQ(first_not_utf8("\xe0\x9f\xbf"), 0u);      // likewise
  EXPECT_EQ(first_not_utf8("\xed\xa0\x80"), 0u);      // a surrogate
  EXPECT_EQ(first_not_utf8("\xf4\x90\x80\x80"), 0u);  // above U+10FFFF
  EXPECT_EQ(first_not_utf8("\xff"), 0u);
}

// Runs of ASCII are passed over at once.
TEST(Utf8, LooksEverywhere) {
  for (std::size_t at : {0, 1, 254, 255, 256, 257, 511, 700}) {
    std::string text(701, 'x');
    text[at] = '\xe9';
    EXPECT_EQ(first_not_utf8(text), at);
    text.replace(at, 1, "\xc3\xa9");
    EXPECT_EQ(first_not_utf8(text), kAll);
  }
}

}  // namespace
}  // namespace lanewise
