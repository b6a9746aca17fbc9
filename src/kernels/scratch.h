// Working memory of a kernel: one block a thread that grows to the largest size
// asked for and is used again, so that a repeated call allocates nothing.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace lanewise::kernels {

// Takes the thread's block for its lifetime; a nested one gets memory of its own.
// Aligned to a cache line.
class Scratch {
 public:
  explicit Scratch(std::size_t bytes) : nested_(kept().in_use) {
    if (nested_) {
      own_.reset(allocate(bytes));
      data_ = own_.get();
      return;
    }
    Kept& k = kept();
    k.in_use = true;
    if (k.bytes < bytes) {
      k.block.reset();
      k.block.reset(allocate(bytes));
      k.bytes = bytes;
    }
    data_ = k.block.get();
  }
  ~Scratch() {
    if (!nested_) kept().in_use = false;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // The same memory whichever thread asks.
  std::byte* data() const { return data_; }

 private:
  struct Free {
    void operator()(std::byte* block) const { std::free(block); }
  };
  using Block = std::unique_ptr<std::byte, Free>;
  struct Kept {
    Block block;
    std::size_t bytes = 0;
    bool in_use = false;
  };

  static Kept& kept() {
    thread_local Kept block;
    return block;
  }
  static std::byte* allocate(std::size_t bytes) {
    void* block = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!block) throw std::bad_alloc();
    return static_cast<std::byte*>(block);
  }

  bool nested_;
  Block own_;
  std::byte* data_;
};

}  // namespace lanewise::kernels
