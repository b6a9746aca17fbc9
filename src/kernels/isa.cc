#include "kernels/isa.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "kernels/simd.h"
// Targets must be limited before Highway is seen.
#include "hwy/highway.h"

namespace lanewise::kernels {
namespace {

constexpr int64_t kPortable = HWY_SCALAR | HWY_EMU128;
constexpr int64_t kAvx2 = kPortable | HWY_AVX2;

// The targets that `isa` leaves; 0 for all.
int64_t allowed_targets(std::string_view isa) {
  if (isa == "portable") return kPortable;
  if (isa == "avx2") return kAvx2;
  if (!isa.empty() && isa != "avx3") {
    std::fprintf(stderr, "lanewise: LANEWISE_ISA: '%.*s' is none of avx3, avx2, portable\n",
                 static_cast<int>(isa.size()), isa.data());
  }
  return 0;
}

bool restrict_targets() {
  const char* isa = std::getenv("LANEWISE_ISA");
  const int64_t allowed = allowed_targets(isa ? isa : "");
  if (allowed != 0) hwy::SetSupportedTargetsForTest(hwy::SupportedTargets() & allowed);
  return true;
}

}  // namespace

void choose_isa() {
  static const bool done = restrict_targets();
  (void)done;
}

std::string isa_name() {
  choose_isa();
  const int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  const int64_t best = targets & -targets;
  if (best & kPortable) return "portable";
  std::string name = hwy::TargetName(best);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

namespace {
const bool kChosenAtStart = (choose_isa(), true);
}

}  // namespace lanewise::kernels
