// The inputs that fuzzing found worth keeping, again.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "fuzz/targets.h"

namespace lanewise {
namespace {

template <class F>
void replay(const std::string& name, F target) {
  int inputs = 0;
  for (const auto& input : std::filesystem::directory_iterator("tests/fuzz/corpus/" + name)) {
    std::ifstream file(input.path(), std::ios::binary);
    target(std::string(std::istreambuf_iterator<char>(file), {}));
    ++inputs;
  }
  EXPECT_GT(inputs, 0);
}

TEST(Corpus, Npy) { replay("npy", fuzz::npy); }
TEST(Corpus, Npz) { replay("npz", fuzz::npz); }
TEST(Corpus, Csv) { replay("csv", fuzz::csv); }

}  // namespace
}  // namespace lanewise
