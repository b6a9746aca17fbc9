// What tests of every room share.
#pragma once

#include "base/thread_pool.h"

namespace lanewise {

// The number of threads until the end of a scope.
class WithThreads {
 public:
  explicit WithThreads(int count) : before_(thread_count()) { set_thread_count(count); }
  ~WithThreads() { set_thread_count(before_); }
  WithThreads(const WithThreads&) = delete;
  WithThreads& operator=(const WithThreads&) = delete;

 private:
  const int before_;
};

}  // namespace lanewise
