#include "base/environment.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>

namespace lanewise {
namespace {

// The number, and what stderr was told.
std::pair<int64_t, std::string> read(const char* text) {
  setenv("LANEWISE_X", text, 1);
  testing::internal::CaptureStderr();
  const int64_t number = number_from_environment("LANEWISE_X", 1, 7);
  unsetenv("LANEWISE_X");
  return {number, testing::internal::GetCapturedStderr()};
}

TEST(Environment, SetsNumbers) {
  EXPECT_EQ(number_from_environment("LANEWISE_X", 1, 7), 7);
  EXPECT_EQ(read(""), std::pair(int64_t{7}, std::string()));
  EXPECT_EQ(read("12"), std::pair(int64_t{12}, std::string()));
}

TEST(Environment, TellsWhatIsNoNumber) {
  for (const char* text : {"0", "-3", "12x", "x", " 1", "99999999999999999999"}) {
    const auto [number, said] = read(text);
    EXPECT_EQ(number, 7) << text;
    EXPECT_EQ(said, "lanewise: LANEWISE_X: '" + std::string(text) + "' isn't a number from 1\n");
  }
}

}  // namespace
}  // namespace lanewise
