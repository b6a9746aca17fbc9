// Memory of this process, as the kernel of Linux counts it.
#pragma once

#include <cstdint>

namespace lanewise::bench {

int64_t resident_bytes();
int64_t peak_resident_bytes();  // since the start, or the last restart
void restart_peak();

}  // namespace lanewise::bench
