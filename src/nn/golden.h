// Reads golden files in tests.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace lanewise {

// Tests run in the root of the repository.
inline nlohmann::json golden_file(const std::string& name) {
  std::ifstream file("tests/golden/" + name);
  if (!file)
    throw std::runtime_error("tests/golden/" + name + " is missing; run the tests in the root");
  return nlohmann::json::parse(file);
}

}  // namespace lanewise
