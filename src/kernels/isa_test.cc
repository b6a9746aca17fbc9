#include "kernels/isa.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace lanewise::kernels {
namespace {

TEST(Isa, ForcedPortableIsPortable) {
  const char* isa = std::getenv("LANEWISE_ISA");
  if (isa && std::string(isa) == "portable") EXPECT_EQ(isa_name(), "portable");
  else EXPECT_FALSE(isa_name().empty());
}

}  // namespace
}  // namespace lanewise::kernels
