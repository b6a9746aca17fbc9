// What tests of arrays share.
#pragma once

#include <functional>
#include <string>

#include "lanewise/error.h"
#include "lanewise/runtime.h"

namespace lanewise {

inline std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

// The executor until the end of a scope.
class WithExecutor {
 public:
  explicit WithExecutor(const std::string& name) : before_(executor()) { set_executor(name); }
  ~WithExecutor() { set_executor(before_); }
  WithExecutor(const WithExecutor&) = delete;
  WithExecutor& operator=(const WithExecutor&) = delete;

 private:
  const std::string before_;
};

}  // namespace lanewise
