#include "fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lanewise::fuzz::npy({reinterpret_cast<const char*>(data), size});
  return 0;
}
