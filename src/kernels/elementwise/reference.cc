// Elementwise operations one element at a time, with libm.
#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/operators.h"
#include "kernels/typed_table.h"

namespace lanewise::kernels::reference {
namespace {

template <class Operator, class T>
struct UnaryLoop {
  static void loop(std::byte* const* data, const int64_t* s, int64_t count) {
    using R = std::invoke_result_t<Operator, T>;
    const T* x = reinterpret_cast<const T*>(data[0]);
    R* out = reinterpret_cast<R*>(data[1]);
    for (int64_t i = 0; i < count; ++i) out[i * s[1]] = Operator{}(x[i * s[0]]);
  }
};

template <class Operator, class T>
struct BinaryLoop {
  static void loop(std::byte* const* data, const int64_t* s, int64_t count) {
    using R = std::invoke_result_t<Operator, T, T>;
    const T* a = reinterpret_cast<const T*>(data[0]);
    const T* b = reinterpret_cast<const T*>(data[1]);
    R* out = reinterpret_cast<R*>(data[2]);
    for (int64_t i = 0; i < count; ++i) out[i * s[2]] = Operator{}(a[i * s[0]], b[i * s[1]]);
  }
};

template <class T>
void select(std::byte* const* data, const int64_t* s, int64_t count) {
  const bool* condition = reinterpret_cast<const bool*>(data[0]);
  const T* a = reinterpret_cast<const T*>(data[1]);
  const T* b = reinterpret_cast<const T*>(data[2]);
  T* out = reinterpret_cast<T*>(data[3]);
  for (int64_t i = 0; i < count; ++i) {
    out[i * s[3]] = condition[i * s[0]] ? a[i * s[1]] : b[i * s[2]];
  }
}

constexpr auto kUnary = loop_table<UnaryLoop>(std::type_identity<UnaryOperators>{});
constexpr auto kBinary = loop_table<BinaryLoop>(std::type_identity<BinaryOperators>{});

}  // namespace

void unary(Unary op, const View& x, const View& out) {
  LoopNest<2>({x, out}).run(kUnary[static_cast<int>(op)][static_cast<int>(x.dtype)]);
}

void binary(Binary op, const View& a, const View& b, const View& out) {
  LoopNest<3>({a, b, out}).run(kBinary[static_cast<int>(op)][static_cast<int>(a.dtype)]);
}

void where(const View& condition, const View& a, const View& b, const View& out) {
  with_type(a.dtype, [&]<class T>(std::type_identity<T>) {
    LoopNest<4>({condition, a, b, out}).run(select<T>);
  });
}

}  // namespace lanewise::kernels::reference
