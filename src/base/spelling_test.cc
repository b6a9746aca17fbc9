#include "base/spelling.h"

#include <gtest/gtest.h>

#include <vector>

namespace lanewise {
namespace {

TEST(Spelling, EditsAreCounted) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("ab", "ba"), 2u);
}

TEST(Spelling, TheNearestWordIsOneThatMayHaveBeenMeant) {
  const std::vector<std::string> known = {"hidden", "--weight-decay", "epochs", "id"};
  const auto nearest = [&](std::string_view word) {
    const std::string* found = nearest_word(word, known);
    return found ? *found : "";
  };
  EXPECT_EQ(nearest("hiden"), "hidden");
  EXPECT_EQ(nearest("--weight"), "--weight-decay");
  EXPECT_EQ(nearest("epochs2"), "epochs");
  EXPECT_EQ(nearest("learning"), "");
  EXPECT_EQ(nearest("xy"), "");  // no letter of "id" is left
  EXPECT_EQ(nearest_word("any", {}), nullptr);
}

}  // namespace
}  // namespace lanewise
