// The loops around the blocks of a float product.
//
//   for NC columns of B:  for KC of k:  pack B into panels [k][NV · lanes]
//     threads own rows:   for MC rows:  (pack A into blocks [k][MR])
//       for each panel:   for each block of rows:  block(A, panel, C)
//
// With few rows B is read as it lies:  for kStreams rows of B:  thin block.
//
// A second piece of k goes on where the first stopped, with C as accumulators, so
// the chain of an element is the same whatever the sizes. Threads split rows, or
// columns where there are too few rows; never k.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/cpu.h"
#include "base/thread_pool.h"
#include "kernels/matmul/batches.h"
#include "kernels/matmul/blocks.h"
#include "kernels/scratch.h"

namespace lanewise::kernels {

template <class T>
class MatmulDriver {
 public:
  explicit MatmulDriver(const MatmulKernels<T>& kernels) : kernels_(kernels) {}

  void run(const Product<T>& product) const {
    if (product.m == 0 || product.n == 0) return;
    const Product<T> g = oriented(product);
    const int64_t width = kernels_.wide.lanes * kernels_.wide.max_vectors;
    const int64_t row_blocks = g.m / kernels_.wide.max_rows[1];
    if (row_blocks >= 2 * thread_count() || g.n < 2 * width) return run_columns(g);
    const int64_t grain = std::max<int64_t>(1, kGrain / (width * g.m * std::max<int64_t>(1, g.k)));
    parallel_for((g.n + width - 1) / width, grain, [&](int64_t begin, int64_t end) {
      run_columns(columns_of(g, begin * width, std::min(g.n, end * width)));
    });
  }

 private:
  static constexpr int64_t kGrain = 128 << 10;      // multiply-adds worth a thread
  static constexpr int64_t kPieceBytes = 1024;      // of k: bytes of a column of B
  static constexpr int64_t kPanelsBytes = 2 << 20;  // packed B: NC columns

  // Rows begin … end-1 of a product that are worked on together, with packed panels of B.
  struct Rows {
    const Product<T>& g;
    const BlockFamily<T>& family;
    const T* panels;  // nullptr: B itself
    int64_t begin, end;
    bool accumulate;
  };

  static Product<T> columns_of(Product<T> g, int64_t begin, int64_t end) {
    g.b += begin * g.b_n;
    g.c += begin * g.c_n;
    g.n = end - begin;
    return g;
  }
  static Product<T> piece_of(Product<T> g, int64_t begin, int64_t end) {
    g.a += begin * g.a_k;
    g.b += begin * g.b_k;
    g.k = end - begin;
    return g;
  }

  // Vectors lie along n. The product or its transpose, whichever has C side by side
  // along n, or B where few rows would not repay its packing.
  static Product<T> oriented(Product<T> g) {
    if (g.n == 1) g.c_n = 1;
    if (g.m == 1) g.c_m = 1;
    const bool swap = g.n == 1                 ? g.m > 1 && g.a_m == 1 && g.a_k != 1 && g.c_m == 1
                      : g.m == 1               ? g.b_n != 1
                      : g.c_n != 1             ? g.c_m == 1
                      : g.m <= 4 && g.b_n != 1 ? g.b_k == 1
                                               : false;
    return swap ? g.transposed() : g;
  }

  const BlockFamily<T>& family_for(int64_t n) const {
    if (n == 1) return kernels_.one;
    return n <= 4 ? kernels_.four : kernels_.wide;
  }

  // How many vectors the panel has before whose end there are `left`: 4 only where few rows leave
  // registers idle, since a panel may come from L2.
  static int64_t panel_vectors(const BlockFamily<T>& family, int64_t left, int64_t m) {
    const int widest = family.max_vectors;
    return std::min<int64_t>(left, m <= family.max_rows[widest] ? widest : std::min(2, widest));
  }

  // The rows of most blocks; A is packed in runs of so many.
  static int64_t unit_rows(const BlockFamily<T>& family) {
    return family.max_rows[std::min(2, family.max_vectors)];
  }

  void run_columns(const Product<T>& g) const {
    const BlockFamily<T>& family = family_for(g.n);
    // C is read and written once a piece. Where vectors are wide a panel may come from L2.
    const int64_t element = sizeof(T);
    const int64_t most_bytes = std::max(kPieceBytes, 32 * family.lanes * element);
    const int64_t pieces = std::max<int64_t>(1, (g.k * element + most_bytes - 1) / most_bytes);
    const int64_t piece = std::max<int64_t>(1, (g.k + pieces - 1) / pieces);
    const int64_t most =
        std::max<int64_t>(family.lanes * 4, kPanelsBytes / (piece * element) / 64 * 64);
    for (int64_t j = 0; j < g.n; j += most) {
      const Product<T> part = columns_of(g, j, std::min(g.n, j + most));
      for (int64_t p = 0; p == 0 || p < g.k; p += piece) {
        run_piece(piece_of(part, p, std::min(g.k, p + piece)), family, p > 0);
      }
    }
  }

  // Everything of B in one set of panels.
  void run_piece(const Product<T>& g, const BlockFamily<T>& family, bool accumulate) const {
    const int64_t lanes = family.lanes;
    const int64_t vectors = (g.n + lanes - 1) / lanes;
    // What is read once needs no packing, unless the last vector is not whole.
    if (g.b_n == 1 && g.m <= kThin) {
      if (&family == &kernels_.wide && g.c_n == 1) return run_thin(g, accumulate);
      if (g.n % lanes == 0) return run_rows({g, family, nullptr, 0, g.m, accumulate});
    }
    const Scratch scratch(static_cast<std::size_t>(g.k * vectors * lanes) * sizeof(T));
    T* panels = reinterpret_cast<T*>(scratch.data());
    const int64_t step = family.max_vectors;
    const int64_t pack_grain =
        std::max<int64_t>(1, kGrain / 8 / std::max<int64_t>(1, g.k * lanes * step));
    parallel_for((vectors + step - 1) / step, pack_grain, [&](int64_t begin, int64_t end) {
      pack(g, family, begin * step, std::min(vectors, end * step), panels);
    });
    const int64_t unit = unit_rows(family);
    const int64_t grain = std::max<int64_t>(1, kGrain / (unit * g.n * std::max<int64_t>(1, g.k)));
    parallel_for((g.m + unit - 1) / unit, grain, [&](int64_t begin, int64_t end) {
      run_rows({g, family, panels, begin * unit, std::min(g.m, end * unit), accumulate});
    });
  }

  // Few rows: B is read in the order in which it lies.
  void run_thin(const Product<T>& g, bool accumulate) const {
    BlockArgs<T> args{};
    args.a_m = g.a_m;
    args.a_k = g.a_k;
    args.b_k = g.b_k;
    args.c = g.c;
    args.c_m = g.c_m;
    args.columns = g.n;
    for (int64_t p = 0; p == 0 || p < g.k; p += kStreams) {
      args.k = std::min<int64_t>(kStreams, g.k - p);
      args.a = g.a + p * g.a_k;
      args.b = g.b + p * g.b_k;
      args.accumulate = accumulate || p > 0;
      kernels_.thin[g.m](args);
    }
  }

  void pack(const Product<T>& g, const BlockFamily<T>& family, int64_t begin, int64_t end,
            T* panels) const {
    const int64_t lanes = family.lanes, step = g.b_n == 1 ? int64_t{kStreams} : g.k;
    for (int64_t p = 0; p < g.k; p += step) {
      const int64_t rows = std::min(step, g.k - p);
      for (int64_t v = begin; v < end;) {
        // Ends of a range lie on ends of panels: both are multiples of max_vectors.
        const int64_t width = lanes * panel_vectors(family, end - v, g.m);
        const int64_t column = v * lanes;
        kernels_.pack(g.b + p * g.b_k + column * g.b_n, g.b_k, g.b_n, rows,
                      std::min(width, g.n - column), width, panels + column * g.k + p * width);
        v += width / lanes;
      }
    }
  }

  void run_rows(const Rows& rows) const {
    const Product<T>& g = rows.g;
    const bool packs = g.n > 512 || (g.n > 64 && strided_badly(g));
    const int64_t unit = unit_rows(rows.family);
    const int64_t bytes = std::max<int64_t>(128 << 10, machine().l2_bytes / 4);  // of packed A
    const int64_t fit = bytes / static_cast<int64_t>(sizeof(T)) / std::max<int64_t>(1, g.k);
    const int64_t most = std::max(unit, fit / unit * unit);
    const Scratch scratch(packs ? static_cast<std::size_t>(most * g.k) * sizeof(T) : 0);
    for (int64_t i = rows.begin; i < rows.end; i += most) {
      Rows part = rows;
      part.begin = i;
      part.end = std::min(rows.end, i + most);
      run_panels(part, packs ? reinterpret_cast<T*>(scratch.data()) : nullptr);
    }
  }

  // Rows a multiple of 1 KB apart share few sets of the cache.
  static bool strided_badly(const Product<T>& g) {
    return g.a_m != 1 && g.a_m * static_cast<int64_t>(sizeof(T)) % 1024 == 0;
  }

  void run_panels(const Rows& rows, T* packed_a) const {
    const Product<T>& g = rows.g;
    const int64_t lanes = rows.family.lanes, vectors = (g.n + lanes - 1) / lanes;
    if (packed_a) pack_rows(rows, packed_a);
    for (int64_t v = 0; v < vectors;) {
      const int64_t count = panel_vectors(rows.family, vectors - v, g.m);
      run_panel(rows, packed_a, v * lanes, count);
      v += count;
    }
  }

  // Calls f(first row, rows) for blocks of nearly equal size, at most `most`.
  template <class F>
  static void each_block(int64_t begin, int64_t end, int64_t most, F f) {
    const int64_t blocks = (end - begin + most - 1) / most;
    for (int64_t b = 0; b < blocks; ++b) {
      const int64_t from = begin + (end - begin) * b / blocks;
      f(from, begin + (end - begin) * (b + 1) / blocks - from);
    }
  }

  // A packed as [k][unit] for each run of `unit` rows: any block reads a run of those.
  void pack_rows(const Rows& rows, T* packed) const {
    const Product<T>& g = rows.g;
    each_block(rows.begin, rows.end, unit_rows(rows.family), [&](int64_t i, int64_t count) {
      kernels_.pack(g.a + i * g.a_m, g.a_k, g.a_m, g.k, count, count,
                    packed + (i - rows.begin) * g.k);
    });
  }

  void run_panel(const Rows& rows, const T* packed_a, int64_t column, int64_t vectors) const {
    const Product<T>& g = rows.g;
    const int64_t width = rows.family.lanes * vectors;
    BlockArgs<T> args{};
    args.k = g.k;
    args.b = rows.panels ? rows.panels + column * g.k : g.b + column;
    args.b_k = rows.panels ? width : g.b_k;
    args.fetch = reinterpret_cast<const std::byte*>(args.b);  // nothing new
    args.columns = std::min(width, g.n - column);
    args.accumulate = rows.accumulate;
    // Packed rows come in the runs that they were packed in.
    const int64_t most = packed_a ? unit_rows(rows.family) : rows.family.max_rows[vectors];
    each_block(rows.begin, rows.end, most, [&](int64_t i, int64_t count) {
      args.a = packed_a ? packed_a + (i - rows.begin) * g.k : g.a + i * g.a_m;
      args.a_m = packed_a ? 1 : g.a_m;
      args.a_k = packed_a ? count : g.a_k;
      run_block(rows.family.block[vectors][count], args, g, i, count, column);
    });
  }

  void run_block(Block<T> block, BlockArgs<T>& args, const Product<T>& g, int64_t i, int64_t count,
                 int64_t column) const {
    T* c = g.c + i * g.c_m + column * g.c_n;
    if (g.c_n == 1) {
      args.c = c;
      args.c_m = g.c_m;
      return block(args);
    }
    // Columns of C that lie apart: through a tile.
    alignas(64) T tile[kMaxRows * 64];
    args.c = tile;
    args.c_m = args.columns;
    if (args.accumulate) {
      for (int64_t r = 0; r < count; ++r) {
        for (int64_t j = 0; j < args.columns; ++j) {
          tile[r * args.c_m + j] = c[r * g.c_m + j * g.c_n];
        }
      }
    }
    block(args);
    for (int64_t r = 0; r < count; ++r) {
      for (int64_t j = 0; j < args.columns; ++j) c[r * g.c_m + j * g.c_n] = tile[r * args.c_m + j];
    }
  }

  const MatmulKernels<T>& kernels_;
};

}  // namespace lanewise::kernels
