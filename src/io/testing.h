// A folder for the files of a test, removed with it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "io/row_major.h"

namespace lanewise {

// 0, 1, 2, … in row-major order.
inline Tensor counted(DType dtype, const Shape& shape) {
  const Tensor t = Tensor::empty(dtype, shape);
  with_type(dtype, [&]<class T>(std::type_identity<T>) {
    for (int64_t i = 0; i < t.size(); ++i) t.as<T>()[i] = static_cast<T>(i);
  });
  return t;
}

inline std::vector<double> values(const Tensor& t) {
  const Tensor packed = row_major(t);
  return with_type(t.dtype, [&]<class T>(std::type_identity<T>) {
    return std::vector<double>(packed.as<T>(), packed.as<T>() + packed.size());
  });
}

class FileTest : public testing::Test {
 protected:
  FileTest()
      : folder_(testing::TempDir() + "lanewise_" +
                testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::create_directories(folder_);
  }
  ~FileTest() override { std::filesystem::remove_all(folder_); }

  std::string path(std::string_view name) const { return folder_ + "/" + std::string(name); }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder_), {}));
  }
  static void put(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static std::string get(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string folder_;
};

}  // namespace lanewise
