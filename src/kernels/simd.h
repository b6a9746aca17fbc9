// Which vector ISAs the fast kernels are compiled for. Include before anything of Highway.
//
// A fast kernel is a set of inner loops inside HWY_BEFORE_NAMESPACE, compiled
// once a target: plain C++ that the compiler vectorises, or Highway's vectors
// where registers are counted by hand. On x86 the targets are AVX-512 ("avx3"),
// AVX2 with FMA and a portable one; fewer targets, shorter builds.
#pragma once

#define HWY_DISABLED_TARGETS ((1LL << 11) | (1LL << 12))  // SSE4, SSSE3
