// Working memory of a kernel: blocks that belong to the thread, grow to the largest
// size asked for and are used again, so that a repeated call allocates nothing.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace lanewise::kernels {

// Takes a block of the calling thread for its lifetime, aligned to a cache line.
// Scratches of a thread end in the reverse order of their beginning.
class Scratch {
 public:
  explicit Scratch(std::size_t bytes) {
    Stack& s = stack();
    Block& block = s.depth < kKept ? s.kept[s.depth] : own_;
    if (block.bytes < bytes) block = Block(bytes);
    data_ = block.data.get();
    ++s.depth;  // last: without memory there is no scratch to end
  }
  ~Scratch() { --stack().depth; }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // The same memory whichever thread asks.
  std::byte* data() const { return data_; }

 private:
  struct Free {
    void operator()(std::byte* block) const { std::free(block); }
  };
  struct Block {
    Block() = default;
    explicit Block(std::size_t size)
        : data(static_cast<std::byte*>(std::aligned_alloc(64, (size + 63) / 64 * 64))),
          bytes(size) {
      if (!data) throw std::bad_alloc();
    }
    std::unique_ptr<std::byte, Free> data;
    std::size_t bytes = 0;
  };

  static constexpr int kKept = 4;  // scratches inside scratches that a thread keeps
  struct Stack {
    Block kept[kKept];
    int depth = 0;
  };
  static Stack& stack() {
    thread_local Stack s;
    return s;
  }

  Block own_;
  std::byte* data_;
};

}  // namespace lanewise::kernels
