// Numbers that environment variables set.
#pragma once

#include <cstdint>

namespace lanewise {

// What the variable says where that is a whole number from `least` on. Else `otherwise`, and unless
// the variable is empty or not set, stderr is told.
int64_t number_from_environment(const char* variable, int64_t least, int64_t otherwise);

}  // namespace lanewise
