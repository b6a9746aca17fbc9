// How a thread rounds and what it does with denormals: numbers so close to 0 (float32: below
// 1.2e-38) that processors take a hundred times longer to compute with them.
#pragma once

namespace lanewise {

unsigned floating_point_mode();  // of the calling thread
void set_floating_point_mode(unsigned mode);

// While it lives, the calling thread takes denormals for 0 and makes none. Workers take over the
// mode of who gives them work (thread_pool.h). Processors other than x86 go on as they were.
class DenormalsFlushed {
 public:
  explicit DenormalsFlushed(bool flushed = true);
  ~DenormalsFlushed() { set_floating_point_mode(before_); }
  DenormalsFlushed(const DenormalsFlushed&) = delete;
  DenormalsFlushed& operator=(const DenormalsFlushed&) = delete;

 private:
  const unsigned before_ = floating_point_mode();
};

}  // namespace lanewise
