// Every reduction over samples is a monoid: a state that starts empty, takes
// blocks of elements, merges with the state of later elements and finishes. So
// threads, streams and machines may each reduce a part.
//
// The bits of a float sum must not depend on who reduced which part. Therefore
//   - elements go in blocks of kBlock (the last may be shorter);
//   - inside a block, element i is added to lane i mod 16 and the lanes are
//     folded in halves: a vector of any width can do that;
//   - blocks merge like the carries of a binary counter (BinaryCounter): the
//     tree depends only on the number of elements.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/elementwise/operators.h"

namespace lanewise::kernels {

inline constexpr int64_t kBlock = 1024;
inline constexpr int kLanes = 16;

// Merges states pushed in order: state s of 2^l blocks waits at level l until
// its right neighbour is complete. Merge: (State* earlier, const State& later).
template <class State, class Merge>
class BinaryCounter {
 public:
  explicit BinaryCounter(Merge merge = {}) : merge_(merge) {}

  // `state` covers one block, or the same power of two of blocks at each push.
  void push(State state) {
    int level = 0;
    for (; (count_ >> level) & 1; ++level) {
      merge_(&levels_[level], state);
      state = levels_[level];
    }
    levels_[level] = state;
    ++count_;
  }

  int64_t count() const { return count_; }

  // Everything pushed, merged into one state; needs count() > 0.
  State finish() const {
    int level = 0;
    while (!((count_ >> level) & 1)) ++level;
    State state = levels_[level];
    for (++level; count_ >> level; ++level) {
      if (!((count_ >> level) & 1)) continue;
      State earlier = levels_[level];
      merge_(&earlier, state);
      state = earlier;
    }
    return state;
  }

 private:
  static constexpr int kLevels = 44;  // 2^44 blocks
  Merge merge_;
  int64_t count_ = 0;
  State levels_[kLevels];
};

// ---- folds: sum, prod, max, min

// The value that changes nothing.
template <class Operator, class T>
constexpr T identity_of() {
  if constexpr (std::is_same_v<Operator, Add>) return T{0};
  else if constexpr (std::is_same_v<Operator, Multiply>) return T{1};
  else if constexpr (std::is_same_v<Operator, Maximum>)
    return is_float_type<T> ? -std::numeric_limits<T>::infinity()
                            : std::numeric_limits<T>::lowest();
  else return is_float_type<T> ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();
}

template <class Operator, class T>
struct Fold {
  using Element = T;
  using State = T;
  using Result = T;
  static constexpr T kIdentity = identity_of<Operator, T>();

  static State init() { return kIdentity; }
  LANEWISE_INLINE static void merge(State* earlier, const State& later) {
    *earlier = Operator{}(*earlier, later);
  }
  static Result finish(const State& state) { return state; }

  // One block: x[0 … count-1], count <= kBlock; `first` is the index of x[0] among all elements.
  LANEWISE_INLINE static void update(State* state, const T* x, int64_t count, int64_t /*first*/) {
    T lane[kLanes];
    for (int l = 0; l < kLanes; ++l) lane[l] = kIdentity;
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
      for (int l = 0; l < kLanes; ++l) lane[l] = Operator{}(lane[l], x[i + l]);
    }
    for (int l = 0; i + l < count; ++l) lane[l] = Operator{}(lane[l], x[i + l]);
    for (int half = kLanes / 2; half > 0; half /= 2) {
      for (int l = 0; l < half; ++l) lane[l] = Operator{}(lane[l], lane[l + half]);
    }
    merge(state, lane[0]);
  }
};

// ---- argmax, argmin: the best value and the first index that has it

template <class T>
struct Best {
  T value;
  int64_t index;  // -1: nothing yet
};

// Operator: Maximum or Minimum. A NaN is better than any number; of equals the first.
template <class Operator, class T>
struct ArgBest {
  using Element = T;
  using State = Best<T>;
  using Result = int64_t;

  static State init() { return {T{}, -1}; }
  LANEWISE_INLINE static bool better(T later, T earlier) {
    if (earlier != earlier) return false;
    if (later != later) return true;
    return later != earlier && Operator{}(earlier, later) == later;
  }
  LANEWISE_INLINE static void merge(State* earlier, const State& later) {
    if (earlier->index < 0 || (later.index >= 0 && better(later.value, earlier->value))) {
      *earlier = later;
    }
  }
  static Result finish(const State& state) { return state.index; }

  // The best value first, as a fold; then where it is.
  LANEWISE_INLINE static void update(State* state, const T* x, int64_t count, int64_t first) {
    if (count == 0) return;
    T best = identity_of<Operator, T>();
    Fold<Operator, T>::update(&best, x, count, first);
    int64_t i = 0;
    if (best != best) {
      while (x[i] == x[i]) ++i;
    } else {
      while (x[i] != best) ++i;
    }
    merge(state, State{best, first + i});
  }
};

// ---- moments: count, mean and the sum of squared deviations M2

// T. Chan, G. Golub, R. LeVeque: Updating formulae and a pairwise algorithm for
// computing sample variances. 1979.
struct Moments {
  struct State {
    int64_t count = 0;
    double mean = 0, m2 = 0;

    double variance() const { return count > 0 ? m2 / static_cast<double>(count) : 0; }
  };

  static State init() { return {}; }

  static void merge(State* earlier, const State& later) {
    if (later.count == 0) return;
    if (earlier->count == 0) {
      *earlier = later;
      return;
    }
    const double a = static_cast<double>(earlier->count), b = static_cast<double>(later.count);
    const double delta = later.mean - earlier->mean;
    earlier->count += later.count;
    earlier->mean += delta * (b / (a + b));
    earlier->m2 += later.m2 + delta * delta * (a * (b / (a + b)));
  }

  // One block of a column: x[0], x[stride], … ; in two passes, since it is in cache.
  template <class T>
  static void update(State* state, const T* x, int64_t count, int64_t stride = 1) {
    if (count == 0) return;
    const double n = static_cast<double>(count);
    const double mean = lane_sum(count, [&](int64_t i) { return double(x[i * stride]); }) / n;
    const double m2 = lane_sum(count, [&](int64_t i) {
      const double d = double(x[i * stride]) - mean;
      return d * d;
    });
    merge(state, State{count, mean, m2});
  }

 private:
  template <class Term>
  static double lane_sum(int64_t count, Term term) {
    double lane[kLanes] = {};
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
      for (int l = 0; l < kLanes; ++l) lane[l] += term(i + l);
    }
    for (int l = 0; i + l < count; ++l) lane[l] += term(i + l);
    for (int half = kLanes / 2; half > 0; half /= 2) {
      for (int l = 0; l < half; ++l) lane[l] += lane[l + half];
    }
    return lane[0];
  }
};

// The counter of a column's moments: push a State of each block of kBlock samples, in order.
struct MergeMoments {
  void operator()(Moments::State* earlier, const Moments::State& later) const {
    Moments::merge(earlier, later);
  }
};
using MomentsCounter = BinaryCounter<Moments::State, MergeMoments>;

}  // namespace lanewise::kernels
