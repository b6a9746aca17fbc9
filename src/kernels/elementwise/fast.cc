// Elementwise operations: one inner loop an operator and dtype, compiled once a
// target. Each knows the strides that matter (all operands contiguous, or one of
// them a single value) as loops of their own, which the compiler vectorises. The
// functions from exp to cos, and power, are written with Highway's vectors, see math-inl.h.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/fast.cc"
#include "kernels/simd.h"
// The order of these matters.
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/elementwise/compound.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/math-inl.h"
#include "kernels/elementwise/operators.h"
#include "kernels/movement/stream.h"
#include "kernels/typed_table.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {
namespace {

// `out` may be an input: no iteration reads what another writes.
#define LANEWISE_EACH _Pragma("GCC ivdep") for (int64_t i = 0; i < count; ++i)

template <class Operator, class T>
struct UnaryLoop {
  static void loop(std::byte* const* data, const int64_t* strides, int64_t count) {
    using R = std::invoke_result_t<Operator, T>;
    const T* x = reinterpret_cast<const T*>(data[0]);
    R* out = reinterpret_cast<R*>(data[1]);
    const int64_t sx = strides[0], so = strides[1];
    const Operator f;
    if (sx == 1 && so == 1) {
      LANEWISE_EACH out[i] = f(x[i]);
    } else {
      LANEWISE_EACH out[i * so] = f(x[i * sx]);
    }
  }
};

template <HasVectorFunction Operator, class T>
struct UnaryLoop<Operator, T> {
  static void loop(std::byte* const* data, const int64_t* strides, int64_t count) {
    const T* x = reinterpret_cast<const T*>(data[0]);
    T* out = reinterpret_cast<T*>(data[1]);
    if (strides[0] == 1 && strides[1] == 1) {
      map_contiguous<Operator>(x, out, count);
    } else {
      map_strided<Operator>(x, strides[0], out, strides[1], count);
    }
  }
};

// With a result that goes around the caches.
template <class Operator, class T>
struct StreamedLoop {
  static void loop(std::byte* const* data, const int64_t* strides, int64_t count) {
    constexpr int64_t kBytes[] = {sizeof(T), sizeof(std::invoke_result_t<Operator, T>)};
    fast::run_streamed(UnaryLoop<Operator, T>::loop, kBytes, data, strides, count);
  }
};

template <HasVectorFunction Operator, class T>
struct StreamedLoop<Operator, T> {
  static void loop(std::byte* const* data, const int64_t* strides, int64_t count) {
    if (strides[0] != 1 || strides[1] != 1)
      return UnaryLoop<Operator, T>::loop(data, strides, count);
    map_streamed<Operator>(reinterpret_cast<const T*>(data[0]), reinterpret_cast<T*>(data[1]),
                           count);
    fast::end_streams();
  }
};

template <class Operator, class T>
struct BinaryLoop {
  using R = std::invoke_result_t<Operator, T, T>;

  static void loop(std::byte* const* data, const int64_t* strides, int64_t count) {
    row(reinterpret_cast<const T*>(data[0]), reinterpret_cast<const T*>(data[1]),
        reinterpret_cast<R*>(data[2]), strides, count);
  }

  LANEWISE_INLINE static void row(const T* a, const T* b, R* out, const int64_t* strides,
                                  int64_t count) {
    const int64_t sa = strides[0], sb = strides[1], so = strides[2];
    const Operator f;
    if (so == 1 && sa == 1 && sb == 1) {
      LANEWISE_EACH out[i] = f(a[i], b[i]);
    } else if (so == 1 && sa == 1 && sb == 0) {
      const T y = *b;
      LANEWISE_EACH out[i] = f(a[i], y);
    } else if (so == 1 && sa == 0 && sb == 1) {
      const T y = *a;
      LANEWISE_EACH out[i] = f(y, b[i]);
    } else {
      LANEWISE_EACH out[i * so] = f(a[i * sa], b[i * sb]);
    }
  }
};

template <std::floating_point T>
struct BinaryLoop<Power, T> {
  using R = T;

  static void loop(std::byte* const* data, const int64_t* strides, int64_t count) {
    row(reinterpret_cast<const T*>(data[0]), reinterpret_cast<const T*>(data[1]),
        reinterpret_cast<T*>(data[2]), strides, count);
  }

  static void row(const T* a, const T* b, T* out, const int64_t* strides, int64_t count) {
    const int64_t sa = strides[0], sb = strides[1], so = strides[2];
    if (count == 0) return;
    const auto near = [](int64_t stride) { return stride == 0 || stride == 1; };
    if (so == 1 && near(sa) && near(sb)) return powers(a, sa == 1, b, sb == 1, out, count);
    constexpr int64_t kRun = 256;
    T x[kRun], y[kRun];
    for (int64_t begin = 0; begin < count; begin += kRun) {
      const int64_t run = std::min(kRun, count - begin);
      for (int64_t i = 0; i < run; ++i) {
        x[i] = a[(begin + i) * sa];
        y[i] = b[(begin + i) * sb];
      }
      powers(x, true, y, true, x, run);
      for (int64_t i = 0; i < run; ++i) out[(begin + i) * so] = x[i];
    }
  }
};

template <class Operator, class T>
struct BinaryRowsLoop {
  using Single = BinaryLoop<Operator, T>;
  using R = typename Single::R;

  static void loop(std::byte* const* data, const int64_t* strides, const int64_t* row_strides,
                   int64_t count, int64_t rows) {
    const T* a = reinterpret_cast<const T*>(data[0]);
    const T* b = reinterpret_cast<const T*>(data[1]);
    R* out = reinterpret_cast<R*>(data[2]);
    const auto flat = [&](int operand) {
      return strides[operand] == 1 && row_strides[operand] == count;
    };
    const auto repeats = [&](int operand) {
      return strides[operand] == 1 && row_strides[operand] == 0;
    };
    if (rows > 1 && 2 * count <= kRepeated && flat(2)) {
      if (flat(0) && repeats(1))
        return repeat(b, count, rows, [&](int64_t at, const T* row, int64_t n) {
          Single::row(a + at, row, out + at, strides, n);
        });
      if (repeats(0) && flat(1))
        return repeat(a, count, rows, [&](int64_t at, const T* row, int64_t n) {
          Single::row(row, b + at, out + at, strides, n);
        });
    }
    for (int64_t i = 0; i < rows; ++i)
      Single::row(a + i * row_strides[0], b + i * row_strides[1], out + i * row_strides[2], strides,
                  count);
  }

 private:
  // A short row that repeats: so many copies of it that vectors hardly ever end with one.
  static constexpr int64_t kRepeated = 512;

  template <class Use>
  LANEWISE_INLINE static void repeat(const T* row, int64_t count, int64_t rows, Use use) {
    T copies[kRepeated];
    const int64_t all = count * rows, n = std::min(all, kRepeated / count * count);
    for (int64_t at = 0; at < n; at += count) std::copy_n(row, count, copies + at);
    for (int64_t at = 0; at < all; at += n) use(at, copies, std::min(n, all - at));
  }
};

// T: any type of the operands' size.
template <class T>
struct SelectLoop {
  static void loop(std::byte* const* data, const int64_t* strides, int64_t count) {
    const uint8_t* condition = reinterpret_cast<const uint8_t*>(data[0]);
    const T* a = reinterpret_cast<const T*>(data[1]);
    const T* b = reinterpret_cast<const T*>(data[2]);
    T* out = reinterpret_cast<T*>(data[3]);
    const int64_t sc = strides[0], sa = strides[1], sb = strides[2], so = strides[3];
    if (sc == 1 && so == 1 && sa >= 0 && sa <= 1 && sb >= 0 && sb <= 1) {
      if (sa == 1 && sb == 1) {
        LANEWISE_EACH out[i] = pick(condition[i], a[i], b[i]);
      } else if (sa == 1) {
        const T y = *b;
        LANEWISE_EACH out[i] = pick(condition[i], a[i], y);
      } else if (sb == 1) {
        const T x = *a;
        LANEWISE_EACH out[i] = pick(condition[i], x, b[i]);
      } else {
        const T x = *a, y = *b;
        LANEWISE_EACH out[i] = pick(condition[i], x, y);
      }
    } else {
      LANEWISE_EACH out[i * so] = pick(condition[i * sc], a[i * sa], b[i * sb]);
    }
  }
  LANEWISE_INLINE static T pick(uint8_t condition, T a, T b) { return condition ? a : b; }
};

template <class Expression>
struct Evaluate;
template <int I>
struct Evaluate<Argument<I>> {
  template <class T>
  LANEWISE_INLINE static T at(const T* const* x, int64_t i) {
    return x[I][i];
  }
};
template <class Operator, class... Operands>
struct Evaluate<Apply<Operator, Operands...>> {
  template <class T>
  LANEWISE_INLINE static auto at(const T* const* x, int64_t i) {
    return Operator()(Evaluate<Operands>::at(x, i)...);
  }
};

template <class Expression, class T>
struct CompoundLoop {
  static constexpr int kArguments = compounds::kArguments<Expression>;
  static constexpr int64_t kRun = 64;

  static void loop(std::byte* const* data, const int64_t* strides, int64_t count) {
    alignas(64) T repeated[kArguments][kRun];
    // Unrolled, these stay in registers.
    const T* x[kArguments];
    int64_t step[kArguments];
#pragma GCC unroll 8
    for (int k = 0; k < kArguments; ++k) {
      x[k] = reinterpret_cast<const T*>(data[k]);
      if (strides[k] == 0) x[k] = std::fill_n(repeated[k], kRun, *x[k]) - kRun;
      step[k] = strides[k] * kRun;
    }
    T* out = reinterpret_cast<T*>(data[kArguments]);
    if (std::find(strides, strides + kArguments, 0) == strides + kArguments)
      return run(x, out, count);
    for (; count >= kRun; count -= kRun) {
      run(x, out, kRun);
#pragma GCC unroll 8
      for (int k = 0; k < kArguments; ++k) x[k] += step[k];
      out += kRun;
    }
    run(x, out, count);
  }

 private:
  LANEWISE_INLINE static void run(const T* const* x, T* out, int64_t count) {
    LANEWISE_EACH out[i] = Evaluate<Expression>::at(x, i);
  }
};

template <class... Expressions>
constexpr auto compound_table(std::type_identity<std::tuple<Expressions...>>) {
  return std::array{std::array{&CompoundLoop<Expressions, float>::loop,
                               &CompoundLoop<Expressions, double>::loop}...};
}

constexpr auto kUnary = loop_table<UnaryLoop>(std::type_identity<UnaryOperators>{});
constexpr auto kStreamed = loop_table<StreamedLoop>(std::type_identity<UnaryOperators>{});
constexpr auto kBinary = loop_table<BinaryLoop>(std::type_identity<BinaryOperators>{});
constexpr auto kBinaryRows = loop_table<BinaryRowsLoop>(std::type_identity<BinaryOperators>{});
constexpr auto kCompounds = compound_table(std::type_identity<compounds::List>{});

}  // namespace

Loop unary_loop(Unary op, DType dtype) {
  return kUnary[static_cast<int>(op)][static_cast<int>(dtype)];
}
Loop streamed_loop(Unary op, DType dtype) {
  return kStreamed[static_cast<int>(op)][static_cast<int>(dtype)];
}
Loop binary_loop(Binary op, DType dtype) {
  return kBinary[static_cast<int>(op)][static_cast<int>(dtype)];
}
RowsLoop binary_rows_loop(Binary op, DType dtype) {
  return kBinaryRows[static_cast<int>(op)][static_cast<int>(dtype)];
}
Loop select_loop(std::size_t bytes) {
  return bytes == 1   ? SelectLoop<uint8_t>::loop
         : bytes == 4 ? SelectLoop<uint32_t>::loop
                      : SelectLoop<uint64_t>::loop;
}
Loop compound_loop_of(int which, DType dtype) {
  return kCompounds[static_cast<std::size_t>(which)][dtype == DType::float64];
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lanewise::kernels {

HWY_EXPORT(unary_loop);
HWY_EXPORT(streamed_loop);
HWY_EXPORT(binary_loop);
HWY_EXPORT(binary_rows_loop);
HWY_EXPORT(select_loop);
HWY_EXPORT(compound_loop_of);

namespace fast {
namespace {

// Elements worth a thread.
constexpr int64_t kGrain = 32 << 10;
constexpr int64_t kFunctionGrain = 16 << 10;
constexpr int64_t kPowerGrain = 8 << 10;
constexpr int64_t kStreamGrain = 512 << 10;  // a wait for what is on its way ends each

int64_t grain(Unary op) {
  return op >= Unary::exp && op <= Unary::cos && op != Unary::sqrt ? kFunctionGrain : kGrain;
}

// A result that exceeds the caches goes around them.
template <int N>
void run_parallel(const LoopNest<N>& nest, int64_t grain, Loop loop) {
  if (!exceeds_caches(nest.size() * nest.bytes().back())) return nest.run_parallel(grain, loop);
  nest.run_parallel(kStreamGrain,
                    [&](std::byte* const* data, const int64_t* strides, int64_t count) {
                      run_streamed(loop, nest.bytes(), data, strides, count);
                    });
}

}  // namespace

Loop loop_of(Unary op, DType dtype) { return HWY_DYNAMIC_DISPATCH(unary_loop)(op, dtype); }
Loop loop_of(Binary op, DType dtype) { return HWY_DYNAMIC_DISPATCH(binary_loop)(op, dtype); }
Loop where_loop(DType dtype) { return HWY_DYNAMIC_DISPATCH(select_loop)(size_of(dtype)); }
Loop compound_loop(int which, DType dtype) {
  return HWY_DYNAMIC_DISPATCH(compound_loop_of)(which, dtype);
}

void unary(Unary op, const View& x, const View& out) {
  const LoopNest<2> nest({x, out});
  if (exceeds_caches(out.size() * nest.bytes().back()))
    nest.run_parallel(kStreamGrain, HWY_DYNAMIC_DISPATCH(streamed_loop)(op, x.dtype));
  else nest.run_parallel(grain(op), loop_of(op, x.dtype));
}

void binary(Binary op, const View& a, const View& b, const View& out) {
  const LoopNest<3> nest({a, b, out});
  const int64_t grain = op == Binary::power ? kPowerGrain : kGrain;
  if (nest.is_flat()) return run_parallel(nest, grain, loop_of(op, a.dtype));
  nest.run_rows_parallel(grain, HWY_DYNAMIC_DISPATCH(binary_rows_loop)(op, a.dtype));
}

void where(const View& condition, const View& a, const View& b, const View& out) {
  run_parallel(LoopNest<4>({condition, a, b, out}), kGrain, where_loop(a.dtype));
}

}  // namespace fast
}  // namespace lanewise::kernels
#endif  // HWY_ONCE
