#include "kernels/scratch.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace lanewise::kernels {
namespace {

TEST(Scratch, BeginsAtTheSameMemoryAgain) {
  const Scratch outer(100);
  std::byte* const inner = Scratch(100).data();
  EXPECT_NE(inner, outer.data());
  EXPECT_EQ(Scratch(50).data(), inner);
#ifndef __SANITIZE_ADDRESS__  // which ends the program where an allocation is too large
  EXPECT_THROW(Scratch(SIZE_MAX / 4), std::bad_alloc);
  EXPECT_EQ(Scratch(50).data(), inner);
#endif
}

}  // namespace
}  // namespace lanewise::kernels
