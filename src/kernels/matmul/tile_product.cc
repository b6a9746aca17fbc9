#include "kernels/matmul/tile_product.h"

#include <algorithm>
#include <bit>

#include "base/thread_pool.h"
#include "kernels/matmul/blocks.h"
#include "kernels/matmul/matmul.h"
#include "kernels/movement/stream.h"

namespace lanewise::kernels::fast {
namespace {

// A piece of k whose panel stays in L1.
constexpr int64_t kPiece = 256;
// Panels that stay in L1 beside the rows: then a run of rows passes all of them. So much is left
// for the rows, that a run may have so many blocks.
constexpr int64_t kPanelsInL1 = 26 << 10, kRowsInL1 = 4 << 10;
constexpr int64_t kFewBlocks = 2, kManyBlocks = 8;
constexpr int64_t kFetchAhead = 10 << 10;     // bytes of rows
constexpr int64_t kSharedElements = 1 << 14;  // to pack, that repay telling another thread

struct Columns {
  int64_t begin, end;
};

template <class T>
class TileProduct {
 public:
  // Packed panels serve any number of rows, so they have the width that suits many.
  static constexpr int64_t kManyRows = 1 << 20;

  // columns: those that are computed; they begin and end with a panel.
  TileProduct(const View& a, const View& out, Columns columns, const View& next = {})
      : a_(a),
        out_(out),
        m_(a.shape[0]),
        n_(out.shape[1]),
        k_(a.shape[1]),
        columns_(columns),
        next_(next),
        fetches_(order_of(next)),
        family_(family_for(n_)),
        per_element_(1.0 / static_cast<double>(std::max<int64_t>(1, n_ * k_))) {}

  // Panel after panel; panels of a matrix that is small stay in L1 for a run of rows.
  void run(const T* b, int64_t row, bool packed, const Epilogue& epilogue, bool accumulate) const {
    if (k_ == 0 && !accumulate) return run_piece(b, row, packed, epilogue, 0, false);
    for (int64_t p = 0; p < k_; p += kPiece)
      run_piece(b, row, packed, p + kPiece < k_ ? Epilogue{} : epilogue, p, accumulate || p > 0);
  }

  static const BlockFamily<T>& family_for(int64_t n) {
    const MatmulKernels<T>& kernels = matmul_kernels<T>();
    return n == 1 ? kernels.one : n <= 4 ? kernels.four : kernels.wide;
  }

  // Vectors of the panel before whose end there are `left` columns. Blocks of one vector have the
  // fewest multiply-adds for their loads: so none is left over behind wider ones.
  static int64_t panel_vectors(const BlockFamily<T>& family, int64_t left, int64_t rows) {
    const auto lanes = static_cast<unsigned>(family.lanes);  // a power of two
    const int64_t vectors = (left + family.lanes - 1) >> std::countr_zero(lanes);
    const int64_t widest =
        rows <= family.max_rows[family.max_vectors] ? family.max_vectors : family.vectors;
    const bool leaves_one = widest > 1 && vectors == widest + 1;
    return leaves_one ? 3 : std::min(vectors, widest);
  }

  // body(columns) for runs of panels of a packed matrix (k, n), on threads that each have so much.
  template <class Body>
  static void share_panels(int64_t n, int64_t work, int64_t work_of_thread, const Body& body) {
    const BlockFamily<T>& family = family_for(n);
    const int64_t widest = family.lanes * family.vectors;  // as all are but for the last ones
    const int64_t panels = n / widest;
    if (panels <= 1) return body(Columns{0, n});
    const int64_t grain =
        std::max<int64_t>(1, work_of_thread * panels / std::max<int64_t>(1, work));
    parallel_for(panels, grain, [&](int64_t begin, int64_t end) {
      body(Columns{begin * widest, end == panels ? n : end * widest});
    });
  }

 private:
  // What blocks fetch. Rows so far ahead; or, since memory gives the lines of one page faster than
  // as many of as many pages, each column in so many runs of so many bytes, about one for each
  // block.
  struct Fetched {
    int64_t rows_ahead = 0;
    int64_t runs_of_column = 1, run_bytes = 0;
  };

  void run_piece(const T* b, int64_t row, bool packed, const Epilogue& epilogue, int64_t p,
                 bool accumulate) const {
    const T* bias = reinterpret_cast<const T*>(epilogue.bias);
    BlockArgs<T> args{};
    args.least = reinterpret_cast<const T*>(epilogue.least);
    args.k = std::min(kPiece, k_ - p);
    args.a_m = a_.strides[0];
    args.a_k = a_.strides[1];
    args.c_m = out_.strides[0];
    args.accumulate = accumulate;
    args.fetch = reinterpret_cast<const std::byte*>(b);  // nothing new
    const int64_t step_bytes = static_cast<int64_t>(sizeof(T)) * args.k, all = step_bytes * n_;
    const bool is_short = 0 < k_ && k_ <= kShort && !accumulate;
    const int64_t many = packed ? kManyRows : m_;
    const int64_t most = family_.max_rows[panel_vectors(family_, n_, many)];
    const int64_t fitting =
        (kPanelsInL1 + kRowsInL1 - all) / std::max<int64_t>(1, most * step_bytes);
    const int64_t rows =
        is_short || all > kPanelsInL1 ? m_ : most * std::clamp(fitting, kFewBlocks, kManyBlocks);
    Fetched fetched;
    if (fetches_ == Fetches::rows) {
      fetched.rows_ahead = rows < m_ ? std::max(rows, kFetchAhead / next_row_bytes()) : m_;
    } else if (fetches_ == Fetches::columns) {
      const int64_t fetches = std::max<int64_t>(1, args.k / 2);
      fetched = in_runs(fetches);
      args.fetch_step = (fetched.run_bytes - 1) / fetches + 1;
    }
    for (int64_t i = 0; i < m_; i += rows) {
      const int64_t end = std::min(m_, i + rows);
      for (int64_t j = columns_.begin; j < columns_.end;) {
        const int64_t vectors = panel_vectors(family_, n_ - j, many);
        const int64_t width = vectors * family_.lanes;
        const int beside = packed && m_ <= 2 ? family_.panels[vectors][m_] : 0;
        const int64_t last = n_ - j - (beside - 1) * width;
        const bool side_by_side = beside > 0 && j + beside * width <= columns_.end &&
                                  panel_vectors(family_, last, many) == vectors;
        const int64_t wanted = side_by_side ? beside * width : width;
        args.columns = std::min(wanted, n_ - j);
        args.panel = k_ * width;
        args.b = packed ? b + j * k_ + p * width : b + j + p * row;
        args.b_k = packed ? width : row;
        args.bias = bias ? bias + j : nullptr;
        args.a = a_.as<T>() + i * args.a_m + p * args.a_k;
        args.c = out_.as<T>() + i * args.c_m + j;
        if (side_by_side) family_.side_by_side[vectors][m_](args);
        else if (is_short) family_.short_block[vectors][k_](args, end - i);
        else run_panel(args, fetched, vectors, i, end, j, p);
        j += wanted;
      }
    }
  }

  // Blocks of nearly equal heights, the higher ones first; of a column as high as can be, since
  // those are faster.
  void run_panel(BlockArgs<T>& args, const Fetched& fetched, int64_t vectors, int64_t begin,
                 int64_t end, int64_t j, int64_t p) const {
    const int64_t most = family_.max_rows[vectors], all = end - begin;
    // Two full blocks cost no division: that takes as long as a few multiply-adds.
    const bool two = all == 2 * most;
    const int64_t blocks = two ? 2 : (all + most - 1) / most;
    const int64_t height = two ? most : all / blocks, higher = two ? 0 : all % blocks;
    int64_t rows = 0;
    for (int64_t block = 0, i = begin; block < blocks; ++block) {
      const int64_t before = rows;
      rows = family_.lanes == 1 ? std::min(most, end - i) : height + (block < higher);
      if (fetches_ == Fetches::rows) {
        if (rows == before) args.fetch += rows * next_row_bytes();
        else fetch_rows(args, fetched, i, rows, j, p);
      } else if (fetches_ == Fetches::columns) {
        fetch_runs(args, fetched, i, rows, j, p);
      }
      family_.block[vectors][rows](args);
      i += rows;
      args.a += rows * args.a_m;
      args.c += rows * args.c_m;
    }
  }

  // Tells a block of rows i … i + rows − 1 which of the rows that are read soon it shall fetch: so
  // the loads are spread over all multiply-adds and hardly ever wait. A run of rows wants those a
  // little ahead, a whole tile those of the next.
  void fetch_rows(BlockArgs<T>& args, const Fetched& fetched, int64_t i, int64_t rows, int64_t j,
                  int64_t p) const {
    const int64_t row = next_row_bytes();
    // The block's share of them, by the multiply-adds that come before it.
    const int64_t bytes = rows * row;
    args.fetch = next_.data + (i + fetched.rows_ahead - m_) * row +
                 share(bytes * (j * k_ + p * args.columns));
    args.fetch_step = share(2 * bytes * args.columns);
  }
  int64_t next_row_bytes() const { return next_.strides[0] * static_cast<int64_t>(sizeof(T)); }
  // x / (n k)
  int64_t share(int64_t x) const { return static_cast<int64_t>(x * per_element_); }

  // For blocks with so many fetches each.
  Fetched in_runs(int64_t fetches) const {
    constexpr int64_t kLine = 64;
    const int64_t bytes = m_ * static_cast<int64_t>(sizeof(T));
    const int64_t runs = (bytes - 1) / (fetches * kLine) + 1;
    return {0, runs, (bytes - 1) / runs + 1};
  }
  // Tells a block of rows from i on which run it shall fetch along its multiply-adds: the first of
  // its share, by the multiply-adds that come before it. The others are fetched at once.
  void fetch_runs(BlockArgs<T>& args, const Fetched& fetched, int64_t i, int64_t rows, int64_t j,
                  int64_t p) const {
    const int64_t before = p * n_ * m_ + args.k * (j * m_ + i * args.columns);
    const int64_t after = before + args.k * rows * args.columns;
    const int64_t first = fetched.runs_of_column * before / (n_ * m_);
    const int64_t end = fetched.runs_of_column * after / (n_ * m_);
    const auto run = [&](int64_t at) {
      return next_.data + at % fetched.runs_of_column * fetched.run_bytes +
             at / fetched.runs_of_column * next_.strides[1] * static_cast<int64_t>(sizeof(T));
    };
    args.fetch = run(first);
    for (int64_t at = first + 1; at < end; ++at) fast::fetch(run(at), 0, fetched.run_bytes);
  }

  enum class Fetches : uint8_t { nothing, rows, columns };
  // By what lies side by side in that which is read next.
  static Fetches order_of(const View& next) {
    if (!next.data) return Fetches::nothing;
    const int64_t row = next.strides[0], column = next.strides[1];
    if (column == 1 && row > 1) return Fetches::rows;
    return row == 1 && column > 1 ? Fetches::columns : Fetches::nothing;
  }

  const View &a_, &out_;
  const int64_t m_, n_, k_;
  const Columns columns_;
  const View& next_;
  const Fetches fetches_;
  const BlockFamily<T>& family_;
  const double per_element_;
};

template <class T>
void pack(const View& b, Columns columns, T* panels) {
  const int64_t k = b.shape[0], n = b.shape[1];
  const BlockFamily<T>& family = TileProduct<T>::family_for(n);
  for (int64_t j = columns.begin; j < columns.end;) {
    const int64_t width =
        family.lanes * TileProduct<T>::panel_vectors(family, n - j, TileProduct<T>::kManyRows);
    matmul_kernels<T>().pack(b.as<T>() + j * b.strides[1], b.strides[0], b.strides[1], k,
                             std::min(width, n - j), width, panels + j * k);
    j += width;
  }
}

template <class Body>
void for_float(DType dtype, Body body) {
  if (dtype == DType::float32) body(std::type_identity<float>{});
  else body(std::type_identity<double>{});
}

}  // namespace

bool has_tile_product(DType dtype) { return is_float(dtype); }

int64_t panel_bytes(DType dtype, int64_t k, int64_t n) {
  int64_t bytes = 0;
  for_float(dtype, [&]<class T>(std::type_identity<T>) {
    const int64_t lanes = TileProduct<T>::family_for(n).lanes;
    bytes = static_cast<int64_t>(sizeof(T)) * k * ((n + 2 * lanes - 1) / lanes * lanes);
  });
  return bytes;
}

void pack_panels(const View& b, std::byte* panels) {
  for_float(b.dtype, [&]<class T>(std::type_identity<T>) {
    TileProduct<T>::share_panels(b.shape[1], b.size(), kSharedElements, [&](Columns columns) {
      pack(b, columns, reinterpret_cast<T*>(panels));
    });
  });
}

void multiply_panels(const View& a, const std::byte* panels, const Epilogue& epilogue,
                     const View& out, const View& next) {
  for_float(out.dtype, [&]<class T>(std::type_identity<T>) {
    const int64_t work = out.size() * a.shape[1];
    TileProduct<T>::share_panels(out.shape[1], work, kSharedMultiplyAdds, [&](Columns columns) {
      TileProduct<T>(a, out, columns, next)
          .run(reinterpret_cast<const T*>(panels), 0, true, epilogue, false);
    });
  });
}

void multiply_tile(const View& a, const View& b, bool accumulate, const View& out) {
  const int64_t n = out.shape[1], work_of_row = std::max<int64_t>(1, n * a.shape[1]);
  const int64_t grain = std::max<int64_t>(1, kSharedMultiplyAdds / work_of_row);
  for_float(out.dtype, [&]<class T>(std::type_identity<T>) {
    parallel_for(out.shape[0], grain, [&](int64_t begin, int64_t end) {
      const auto rows = [&](const View& x) {
        return slice_view(x, {begin, 0}, {end - begin, x.shape[1]}, {1, 1});
      };
      TileProduct<T>(rows(a), rows(out), {0, n})
          .run(b.as<T>(), b.strides[0], false, {}, accumulate);
    });
  });
}

}  // namespace lanewise::kernels::fast
