// Functions of users.
#pragma once

#include <string>
#include <string_view>

#include "lanewise/error.h"

namespace lanewise {

// Errors: ValueError, naming `operation`, where there is nothing to call.
template <class F>
const F& callable(std::string_view operation, const F& f) {
  if (f) return f;
  throw ValueError(std::string(operation) + ": the function is empty; pass one that can be called");
}

}  // namespace lanewise
