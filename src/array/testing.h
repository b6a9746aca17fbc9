// What tests of arrays share.
#pragma once

#include <functional>
#include <string>

#include "lanewise/error.h"

namespace lanewise {

inline std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace lanewise
