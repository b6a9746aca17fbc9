// The loops around the vector functions: whole vectors, then one that is partly filled, so that an
// element has the same bits wherever it stands. Other strides pass through a buffer.
#if defined(LANEWISE_ELEMENTWISE_MATH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_ELEMENTWISE_MATH_INL_H
#undef LANEWISE_ELEMENTWISE_MATH_INL_H
#else
#define LANEWISE_ELEMENTWISE_MATH_INL_H
#endif

#include <algorithm>
#include <concepts>

#include "kernels/elementwise/erf-inl.h"
#include "kernels/elementwise/exp-inl.h"
#include "kernels/elementwise/log-inl.h"
#include "kernels/elementwise/operators.h"
#include "kernels/elementwise/power-inl.h"
#include "kernels/elementwise/tanh-inl.h"
#include "kernels/elementwise/trig-inl.h"
#include "kernels/movement/stream.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {

// The vector function of an operator; operators without one have no definition here. Each of its
// operations waits for the one before: so many vectors take turns, as long as registers last.
template <class Operator>
struct VectorFunction;
#define LANEWISE_VECTOR_FUNCTION(Operator, function, vectors)         \
  template <>                                                         \
  struct VectorFunction<Operator> {                                   \
    static constexpr int kTogether = LANEWISE_PORTABLE ? 1 : vectors; \
    template <class V>                                                \
    HWY_INLINE V operator()(V x) const {                              \
      return vmath::function(x);                                      \
    }                                                                 \
  };
LANEWISE_VECTOR_FUNCTION(Exp, exp, 4)
LANEWISE_VECTOR_FUNCTION(Log, log, 4)
LANEWISE_VECTOR_FUNCTION(Log1p, log1p, 4)
LANEWISE_VECTOR_FUNCTION(Expm1, expm1, 4)
LANEWISE_VECTOR_FUNCTION(Tanh, tanh, 4)
LANEWISE_VECTOR_FUNCTION(Sigmoid, sigmoid, 4)
LANEWISE_VECTOR_FUNCTION(Erf, erf, 4)
LANEWISE_VECTOR_FUNCTION(Sin, sin, 1)
LANEWISE_VECTOR_FUNCTION(Cos, cos, 1)
#undef LANEWISE_VECTOR_FUNCTION

template <class Operator>
concept HasVectorFunction = requires {
  sizeof(VectorFunction<Operator>);
};

// Calls store(f(x[k …]), k) for the vectors of x that take turns.
template <class D, class F, class Store>
HWY_INLINE void map_together(D d, F f, const hn::TFromD<D>* x, Store store) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  hn::Vec<D> v[F::kTogether];
#pragma GCC unroll 4
  for (int64_t k = 0; k < F::kTogether; ++k) v[k] = hn::LoadU(d, x + k * lanes);
#pragma GCC unroll 4
  for (int64_t k = 0; k < F::kTogether; ++k) v[k] = f(v[k]);
#pragma GCC unroll 4
  for (int64_t k = 0; k < F::kTogether; ++k) store(v[k], k * lanes);
}

// out[i] = f(x[i]), `out` may be x. A function of its own: inlined, it would share registers.
template <class Operator, class T>
HWY_NOINLINE void map_contiguous(const T* x, T* out, int64_t count) {
  const WidestTag<T> d;
  const VectorFunction<Operator> f;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  const int64_t together = f.kTogether * lanes;
  for (; i + together <= count; i += together)
    map_together(d, f, x + i, [&](auto y, int64_t k) { hn::StoreU(y, d, out + i + k); });
  for (; i + lanes <= count; i += lanes) hn::StoreU(f(hn::LoadU(d, x + i)), d, out + i);
  if (i == count) return;
  const auto rest = hn::FirstN(d, static_cast<std::size_t>(count - i));
  hn::BlendedStore(f(hn::MaskedLoad(rest, d, x + i)), rest, d, out + i);
}

// The same with a result that goes around the caches: a line comes and one leaves for each that is
// computed. end_streams() is the caller's.
template <class Operator, class T>
HWY_NOINLINE void map_streamed(const T* x, T* out, int64_t count) {
  const WidestTag<T> d;
  const VectorFunction<Operator> f;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto address = reinterpret_cast<uintptr_t>(out);
  const auto begun = static_cast<int64_t>(address / sizeof(T)) % lanes;
  // Elements that begin in the midst of one end nowhere.
  int64_t i = address % sizeof(T) == 0 ? std::min(count, (lanes - begun) % lanes) : count;
  map_contiguous<Operator>(x, out, i);
  const int64_t together = f.kTogether * lanes;
  for (; i + together <= count; i += together)
    map_together(d, f, x + i, [&](auto y, int64_t k) {
      __builtin_prefetch(reinterpret_cast<const std::byte*>(x + i + k) + fast::kFetchAhead, 0, 3);
      hn::Stream(y, d, out + i + k);
    });
  map_contiguous<Operator>(x + i, out + i, count - i);
}

template <class Operator, class T>
void map_strided(const T* x, int64_t sx, T* out, int64_t so, int64_t count) {
  constexpr int64_t kRun = 256;
  T buffer[kRun];
  for (int64_t begin = 0; begin < count; begin += kRun) {
    const int64_t run = std::min(kRun, count - begin);
    for (int64_t i = 0; i < run; ++i) buffer[i] = x[(begin + i) * sx];
    map_contiguous<Operator, T>(buffer, buffer, run);
    for (int64_t i = 0; i < run; ++i) out[(begin + i) * so] = buffer[i];
  }
}

// Rounded to float32. Highway's portable targets have no infinities there.
template <class D, class V>
HWY_INLINE hn::Vec<D> narrowed(D d, V x) {
#if LANEWISE_PORTABLE
  return hn::Set(d, static_cast<float>(hn::GetLane(x)));
#else
  return hn::DemoteTo(d, x);
#endif
}

// out[i] = a[i] to the power b[i]; of a step of 0 the first for all. In vectors of doubles, to
// which floats are made and from which they return.
template <std::floating_point T>
HWY_NOINLINE void powers(const T* a, bool step_a, const T* b, bool step_b, T* out, int64_t count) {
  const WidestTag<double> d;
  const hn::Rebind<T, decltype(d)> narrow;
  const auto widened = [&](auto x) {
    if constexpr (sizeof(T) == sizeof(double)) return x;
    else return hn::PromoteTo(d, x);
  };
  const auto power = [&](auto x, auto y) {
    if constexpr (sizeof(T) == sizeof(double)) return vmath::power_of_doubles(x, y);
    else return narrowed(narrow, vmath::power_of_floats(x, y));
  };
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto first_a = widened(hn::Set(narrow, *a)), first_b = widened(hn::Set(narrow, *b));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto x = step_a ? widened(hn::LoadU(narrow, a + i)) : first_a;
    const auto y = step_b ? widened(hn::LoadU(narrow, b + i)) : first_b;
    hn::StoreU(power(x, y), narrow, out + i);
  }
  if (i == count) return;
  const auto rest = hn::FirstN(narrow, static_cast<std::size_t>(count - i));
  const auto x = step_a ? widened(hn::MaskedLoad(rest, narrow, a + i)) : first_a;
  const auto y = step_b ? widened(hn::MaskedLoad(rest, narrow, b + i)) : first_b;
  hn::BlendedStore(power(x, y), rest, narrow, out + i);
}

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
