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

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/elementwise/operators.h"

namespace lanewise::kernels {

inline constexpr int64_t kBlock = 512;
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
    const bool beats = (later != earlier) & (Operator{}(earlier, later) == later);
    return (earlier == earlier) & (beats | (later != later));
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
    merge(state, State{best, first + index_of(best, x, count)});
  }

 private:
  // Of the first of x[0 … count-1] that is `best`, a NaN like all others.
  LANEWISE_INLINE static int64_t index_of(T best, const T* x, int64_t count) {
    int64_t i = 0;
    if (best != best) {
      while (x[i] == x[i]) ++i;
      return i;
    }
    // As vectors, as long as none is.
    constexpr int64_t kRun = 64;
    for (int found = 0; i + kRun <= count; i += kRun) {
      for (int64_t k = 0; k < kRun; ++k) found |= x[i + k] == best;
      if (found) break;
    }
    while (x[i] != best) ++i;
    return i;
  }
};

// ---- squared deviations from the mean

// Of a run of elements: how many, their mean and the sum of squared deviations from it.
struct Moments {
  double count = 0, mean = 0, m2 = 0;
};

// T. Chan, G. Golub, R. LeVeque: Updating formulae and a pairwise algorithm for
// computing sample variances. 1979. What merging runs of these counts weighs with.
struct MomentWeights {
  double later, cross;
  LANEWISE_INLINE MomentWeights(double earlier_count, double later_count)
      : later(later_count / std::max(earlier_count + later_count, 1.0)),
        cross(earlier_count * later) {}

  LANEWISE_INLINE void merge(double* mean, double* m2, double later_mean, double later_m2) const {
    merge(later, cross, mean, m2, later_mean, later_m2);
  }
  LANEWISE_INLINE static void merge(double later, double cross, double* mean, double* m2,
                                    double later_mean, double later_m2) {
    const double delta = later_mean - *mean;
    *mean += delta * later;
    *m2 += later_m2 + delta * (delta * cross);
  }
};

// The weights of lanes l and l + half of a block of `count` elements, at half + l.
struct LaneWeights {
  double later[kLanes], cross[kLanes];
  LANEWISE_INLINE explicit LaneWeights(int64_t count) {
    double counts[kLanes];
    for (int l = 0; l < kLanes; ++l)
      counts[l] = static_cast<double>((count + kLanes - 1 - l) / kLanes);
    for (int half = kLanes / 2; half > 0; half /= 2)
      for (int l = 0; l < half; ++l) {
        const MomentWeights weights(counts[l], counts[l + half]);
        later[half + l] = weights.later;
        cross[half + l] = weights.cross;
        counts[l] += counts[l + half];
      }
  }
};

// Inside a block each lane follows Welford's recurrence on x - base, where base is its first
// element: so a mean far from zero costs no digits, nor does a first element far from the mean.
template <class T>
struct SquaredDeviations {
  using Element = T;
  using State = Moments;
  using Result = T;

  static State init() { return {}; }
  LANEWISE_INLINE static void merge(State* earlier, const State& later) {
    MomentWeights(earlier->count, later.count)
        .merge(&earlier->mean, &earlier->m2, later.mean, later.m2);
    earlier->count += later.count;
  }
  static Result finish(const State& state) { return static_cast<T>(state.m2); }

  // Lanes side by side, of one output or of neighbours: base, mean - base, m2.
  struct Lanes {
    T *base, *mean, *m2;

    LANEWISE_INLINE Lanes from(int64_t at) const { return {base + at, mean + at, m2 + at}; }

    // Takes in number k of each lane: x[0], x[stride], …
    LANEWISE_INLINE void add(int64_t k, const T* x, int64_t stride, int64_t width) const {
      if (k == 0) return begin(x, stride, width);
      const T weight = T{1} / static_cast<T>(k + 1);
      if (stride == 1) {
#pragma GCC ivdep
        for (int64_t j = 0; j < width; ++j) next(j, x[j], weight);
      } else {
#pragma GCC ivdep
        for (int64_t j = 0; j < width; ++j) next(j, x[j * stride], weight);
      }
    }

   private:
    // An infinity or NaN makes m2 NaN.
    LANEWISE_INLINE void begin(const T* x, int64_t stride, int64_t width) const {
      for (int64_t j = 0; j < width; ++j) {
        base[j] = x[j * stride];
        mean[j] = T{0};
        m2[j] = base[j] - base[j];
      }
    }
    LANEWISE_INLINE void next(int64_t j, T x, T weight) const {
      const T shifted = x - base[j], delta = shifted - mean[j];
      mean[j] += delta * weight;
      m2[j] += delta * (shifted - mean[j]);
    }
  };

  // Merges kLanes rows of lanes, `row` apart, that took in `count` elements: the moments of
  // `width` outputs.
  template <int kWidth>
  LANEWISE_INLINE static void merge_lanes(const Lanes& lanes, int64_t row, int64_t count,
                                          int64_t width, double* mean, double* m2) {
    const LaneWeights weights(count);
    double means[kLanes][kWidth], m2s[kLanes][kWidth];
    for (int l = 0; l < kLanes; ++l) {
      const Lanes lane = lanes.from(l * row);
      const bool empty = l >= count;
      for (int64_t j = 0; j < width; ++j) {
        means[l][j] = empty ? 0 : static_cast<double>(lane.base[j]) + lane.mean[j];
        m2s[l][j] = empty ? 0 : lane.m2[j];
      }
    }
    for (int half = kLanes / 2; half > 0; half /= 2)
      for (int l = 0; l < half; ++l)
        for (int64_t j = 0; j < width; ++j)
          MomentWeights::merge(weights.later[half + l], weights.cross[half + l], &means[l][j],
                               &m2s[l][j], means[l + half][j], m2s[l + half][j]);
    for (int64_t j = 0; j < width; ++j) mean[j] = means[0][j], m2[j] = m2s[0][j];
  }

  LANEWISE_INLINE static void update(State* state, const T* x, int64_t count, int64_t /*first*/) {
    T base[kLanes] = {}, shifted[kLanes] = {}, squares[kLanes] = {};
    const Lanes lanes{base, shifted, squares};
    for (int64_t i = 0; i < count; i += kLanes)
      lanes.add(i / kLanes, x + i, 1, std::min<int64_t>(kLanes, count - i));
    State block{static_cast<double>(count)};
    merge_lanes<1>(lanes, 1, count, 1, &block.mean, &block.m2);
    merge(state, block);
  }
};

}  // namespace lanewise::kernels
