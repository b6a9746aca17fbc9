// Blocks of elements that lie side by side, with the vectors of the target.
#if defined(LANEWISE_ROW_BLOCK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LANEWISE_ROW_BLOCK_INL_H
#undef LANEWISE_ROW_BLOCK_INL_H
#else
#define LANEWISE_ROW_BLOCK_INL_H
#endif

#include <type_traits>

#include "hwy/highway.h"
#include "kernels/reduce/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lanewise::kernels::HWY_NAMESPACE {

// The state of a block as Monoid::update() makes it, of blocks of one length.
template <class Monoid>
class RowBlock {
 public:
  explicit RowBlock(int64_t count) : count_(count) {}

  // x[0 … count-1], the first of them number `first` of all.
  typename Monoid::State operator()(const typename Monoid::Element* x, int64_t first) const {
    typename Monoid::State state = Monoid::init();
    Monoid::update(&state, x, count_, first);
    return state;
  }

 private:
  int64_t count_;
};

template <class Operator, class T>
requires is_float_type<T>
class RowBlock<Fold<Operator, T>> {
 public:
  explicit RowBlock(int64_t count) : count_(count) {}

  LANEWISE_INLINE T operator()(const T* x, int64_t /*first*/) const {
    const Operator op;
    const V identity = hn::Set(D(), Fold<Operator, T>::kIdentity);
    V lane[L::kCount];
#pragma GCC unroll 16
    for (int v = 0; v < L::kCount; ++v) lane[v] = identity;
    int64_t i = 0;
    for (; i + kLanes <= count_; i += kLanes) {
#pragma GCC unroll 16
      for (int v = 0; v < L::kCount; ++v) lane[v] = applied(op, lane[v], L::load(x + i, v));
    }
    if (i < count_) {  // the identity changes no lane: no sum is -0
#pragma GCC unroll 16
      for (int v = 0; v < L::kCount; ++v) {
        const V rest = L::load_first(count_ - i, x + i, v);
        const V filled = hn::IfThenElse(L::first(count_ - i, v), rest, identity);
        lane[v] = applied(op, lane[v], filled);
      }
    }
    return fold_lanes<Operator, T>(lane);
  }

 private:
  using L = LaneVectors<T>;
  using D = typename L::D;
  using V = typename L::V;

  int64_t count_;
};

// Whole numbers and bools, which come to the same in any order: a few of them one after the other.
template <class Operator, class T>
requires(!is_float_type<T>) class RowBlock<Fold<Operator, T>> {
 public:
  explicit RowBlock(int64_t count) : count_(count) {}

  LANEWISE_INLINE T operator()(const T* x, int64_t /*first*/) const {
    T state = Fold<Operator, T>::kIdentity;
    if (count_ >= 4 * kLanes) {
      Fold<Operator, T>::update(&state, x, count_, 0);
    } else {
      for (int64_t i = 0; i < count_; ++i) state = Operator{}(state, x[i]);
    }
    return state;
  }

 private:
  int64_t count_;
};

template <class Operator, class T>
requires is_float_type<T>
class RowBlock<ArgBest<Operator, T>> {
 public:
  explicit RowBlock(int64_t count) : values_(count), count_(count) {}

  LANEWISE_INLINE Best<T> operator()(const T* x, int64_t first) const {
    if (count_ == 0) return ArgBest<Operator, T>::init();
    const T best = values_(x, first);
    return {best, first + index_of(best, x)};
  }

 private:
  // Of the first of x[0 … count-1] that is `best`, a NaN like all others.
  LANEWISE_INLINE int64_t index_of(T best, const T* x) const {
    constexpr typename LaneVectors<T>::D d;
    constexpr int64_t kWidth = LaneVectors<T>::kWidth;
    const auto wanted = hn::Set(d, best);
    for (int64_t i = 0;; i += kWidth) {
      const auto taken = hn::FirstN(d, static_cast<std::size_t>(std::min(count_ - i, kWidth)));
      const auto values = hn::MaskedLoad(taken, d, x + i);
      const auto found = best == best ? hn::Eq(values, wanted) : hn::IsNaN(values);
      if (const auto at = hn::FindFirstTrue(d, hn::And(found, taken)); at >= 0) return i + at;
    }
  }

  RowBlock<Fold<Operator, T>> values_;
  int64_t count_;
};

template <class T>
class RowBlock<SquaredDeviations<T>> {
 public:
  explicit RowBlock(int64_t count) : count_(count), weights_(count) {}

  LANEWISE_INLINE Moments operator()(const T* x, int64_t /*first*/) const {
    if (count_ == 0) return {};
    Lanes lanes[L::kCount];
#pragma GCC unroll 16
    for (int v = 0; v < L::kCount; ++v) lanes[v] = Lanes::begin(L::load_first(count_, x, v));
    for (int64_t i = kLanes; i < count_; i += kLanes) {
      const V weight = Lanes::weight(i / kLanes);
#pragma GCC unroll 16
      for (int v = 0; v < L::kCount; ++v) {
        const auto taken = L::first(count_ - i, v);
        const Lanes next = lanes[v].next(L::load_first(count_ - i, x + i, v), weight);
        lanes[v].mean = hn::IfThenElse(taken, next.mean, lanes[v].mean);
        lanes[v].m2 = hn::IfThenElse(taken, next.m2, lanes[v].m2);
      }
    }
    return merged(lanes);
  }

 private:
  using L = LaneVectors<T>;
  using D = typename L::D;
  using V = typename L::V;
  using Lanes = DeviationLanes<T>;
  using Wide = LaneVectors<double>;
  using WideV = typename Wide::V;

  LANEWISE_INLINE Moments merged(const Lanes (&lanes)[L::kCount]) const {
    WideV mean[Wide::kCount], m2[Wide::kCount], base[Wide::kCount];
    widen(lanes, &Lanes::base, base);
    widen(lanes, &Lanes::mean, mean);
    widen(lanes, &Lanes::m2, m2);
#pragma GCC unroll 16
    for (int v = 0; v < Wide::kCount; ++v) mean[v] = hn::Add(base[v], mean[v]);
#pragma GCC unroll 16
    for (int half = Wide::kCount / 2; half > 0; half /= 2) {
#pragma GCC unroll 16
      for (int v = 0; v < half; ++v)
        merge(typename Wide::D(), (half + v) * Wide::kWidth, &mean[v], &m2[v], mean[v + half],
              m2[v + half]);
    }
    return merge_halves(typename Wide::D(), mean[0], m2[0]);
  }

  LANEWISE_INLINE static void widen(const Lanes (&lanes)[L::kCount], V Lanes::*which,
                                    WideV (&wide)[Wide::kCount]) {
    alignas(64) T x[kLanes];
#pragma GCC unroll 16
    for (int v = 0; v < L::kCount; ++v) hn::Store(lanes[v].*which, D(), x + v * L::kWidth);
    constexpr typename Wide::D d;
#pragma GCC unroll 16
    for (int v = 0; v < Wide::kCount; ++v) {
      const T* from = x + v * Wide::kWidth;
      if constexpr (std::is_same_v<T, double>) wide[v] = hn::Load(d, from);
      else wide[v] = hn::PromoteTo(d, hn::Load(hn::Rebind<T, typename Wide::D>(), from));
    }
  }

  // MomentWeights::merge() of as many lanes as a vector of `d` has; their weights are those from
  // number `at` on.
  template <class DD, class VV>
  LANEWISE_INLINE void merge(DD d, int at, VV* mean, VV* m2, VV later_mean, VV later_m2) const {
    const VV later = hn::LoadU(d, weights_.later + at), cross = hn::LoadU(d, weights_.cross + at);
    const VV delta = hn::Sub(later_mean, *mean);
    *mean = hn::Add(*mean, hn::Mul(delta, later));
    *m2 = hn::Add(*m2, hn::Add(later_m2, hn::Mul(delta, hn::Mul(delta, cross))));
  }

  template <class DD, class VV>
  LANEWISE_INLINE Moments merge_halves([[maybe_unused]] DD d, VV mean, VV m2) const {
#if !LANEWISE_PORTABLE
    if constexpr (hn::MaxLanes(d) > 1) {
      const hn::Half<DD> half;
      auto low_mean = hn::LowerHalf(half, mean), low_m2 = hn::LowerHalf(half, m2);
      merge(half, static_cast<int>(hn::MaxLanes(half)), &low_mean, &low_m2,
            hn::UpperHalf(half, mean), hn::UpperHalf(half, m2));
      return merge_halves(half, low_mean, low_m2);
    }
#endif
    return {static_cast<double>(count_), hn::GetLane(mean), hn::GetLane(m2)};
  }

  int64_t count_;
  LaneWeights weights_;
};

}  // namespace lanewise::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
