// The vector ISA that the fast kernels run on.
#pragma once

#include <string>

namespace lanewise::kernels {

// "avx3" (AVX-512), "avx2" or "portable"; on other processors Highway's name in
// lower case. The best that this machine has, or the one that LANEWISE_ISA names
// where the machine has it: this function says what really runs.
std::string isa_name();

// Applies LANEWISE_ISA; done once, at the start of the program or by the first call.
void choose_isa();

}  // namespace lanewise::kernels
