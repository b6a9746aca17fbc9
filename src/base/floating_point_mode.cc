#include "base/floating_point_mode.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace lanewise {

#if defined(__x86_64__)

unsigned floating_point_mode() { return _mm_getcsr(); }
void set_floating_point_mode(unsigned mode) { _mm_setcsr(mode); }

DenormalsFlushed::DenormalsFlushed(bool flushed) {
  constexpr unsigned kOperandsAreZero = 1U << 6, kResultsAreZero = 1U << 15;
  if (flushed) set_floating_point_mode(before_ | kOperandsAreZero | kResultsAreZero);
}

#else

unsigned floating_point_mode() { return 0; }
void set_floating_point_mode(unsigned) {}
DenormalsFlushed::DenormalsFlushed(bool) {}

#endif

}  // namespace lanewise
