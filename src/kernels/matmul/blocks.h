// What a target offers to the product driver: blocks, the innermost kernels.
//
// A block computes MR rows by NV vectors of C in registers and runs along k once:
//
//   C[i, j] = (accumulate ? C[i, j] : 0), then for p in order: fma(A[i, p], B[p, j], C[i, j]),
//   then, where there are such, C[i, j] + bias[j] and maximum(C[i, j], least)
//
// The columns of B lie side by side; A is read one element at a time, with any strides.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lanewise::kernels {

template <class T>
struct BlockArgs {
  int64_t k;
  const T* a;
  int64_t a_m, a_k;
  const T* b;  // rows of NV vectors, b_k elements apart
  int64_t b_k;
  T* c;  // rows side by side, c_m elements apart
  int64_t c_m;
  int64_t columns;  // of C that exist, at most those of NV vectors
  bool accumulate;
  const T* bias;   // NV vectors, or nullptr
  const T* least;  // one number, or nullptr
  int64_t panel;   // elements from one panel of B to the next, for blocks of several
  // What is read soon, brought into cache: so many bytes further every two steps of k.
  const std::byte* fetch;
  int64_t fetch_step;
};

template <class T>
using Block = void (*)(const BlockArgs<T>&);

// Any number of rows of a product whose k is a constant of the block: B stays in registers.
// Accumulates nothing, fetches nothing.
template <class T>
using ShortBlock = void (*)(const BlockArgs<T>&, int64_t rows);

// Multiply-adds that a core must have at once: their latency times two a cycle.
inline constexpr int kChains = 8;

inline constexpr int kMaxRows = 16, kMaxVectors = 4;
inline constexpr int kShort = 4;  // the largest k of such a block
inline constexpr int kThin = 8;   // the most rows of a thin block
// Rows of B that are read side by side: each a stream to the processor, and often of a page of its
// own.
inline constexpr int kStreams = 8;

// The blocks of one vector width, by their vectors, NV = 1 … max_vectors, and rows,
// MR = 1 … max_rows[NV].
template <class T>
struct BlockFamily {
  int lanes;  // columns of a vector
  int max_vectors;
  int vectors;  // of the block that is fastest where there are many rows and B is in L1
  int max_rows[kMaxVectors + 1];
  Block<T> block[kMaxVectors + 1][kMaxRows + 1];
  // Of one and two rows, which need more panels side by side to have enough chains at once: how
  // many, and these blocks; nullptr: none.
  int panels[kMaxVectors + 1][3];
  Block<T> side_by_side[kMaxVectors + 1][3];
  ShortBlock<T> short_block[kMaxVectors + 1][kShort + 1];  // of k = 1 … kShort
};

// The families of a target, from wide vectors to single lanes, and its packing.
template <class T>
struct MatmulKernels {
  BlockFamily<T> wide, four, one;
  // By rows, of all columns and k ≤ kStreams. Knows nothing of bias, least and fetch.
  Block<T> thin[kThin + 1];

  // panel[p · width + j] = b[p · b_k + j · b_n] for j < columns, 0 up to width.
  void (*pack)(const T* b, int64_t b_k, int64_t b_n, int64_t k, int64_t columns, int64_t width,
               T* panel);
};

namespace fast {
// Of the chosen target; T is float or double.
template <class T>
const MatmulKernels<T>& matmul_kernels();
}  // namespace fast

}  // namespace lanewise::kernels
