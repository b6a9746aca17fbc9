// Exact quantiles by radix selection: a pass counts, for each feature, where values fall by their
// leading bits; the next one looks at the next bits of the values that can be a wanted one. The
// more features, the fewer bits of a pass, so that all counts fit into the memory of kCountBytes.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/tensor.h"
#include "base/thread_pool.h"
#include "lanewise/analysis.h"
#include "lanewise/error.h"
#include "lanewise/ops.h"

namespace lanewise {
namespace {

constexpr int kMostBits = 11, kLeastBits = 2;  // of a pass
constexpr int64_t kCountBytes = 128 << 20;
constexpr int64_t kPullBytes = 16 << 20;

// Bits of a pass, where so many counters are needed for each value that they can have.
int digit_bits(int64_t counters) {
  int bits = kMostBits;
  while (bits > kLeastBits && (counters << bits) * int64_t{sizeof(int64_t)} > kCountBytes) --bits;
  return bits;
}

// Unsigned numbers in the order of the floats.
template <class T>
struct Key {
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  static constexpr int kBits = 8 * sizeof(T);
  static constexpr Bits kSign = Bits{1} << (kBits - 1);

  static Bits of(T value) {
    const Bits bits = std::bit_cast<Bits>(value);
    return bits & kSign ? ~bits : bits | kSign;
  }
  static T value(Bits key) { return std::bit_cast<T>(key & kSign ? key ^ kSign : ~key); }
};

// The bits of a key that a pass looks at.
struct Digit {
  int below, bits;  // how many bits come after them

  template <class Bits>
  Bits prefix(Bits key) const {  // what earlier passes have seen
    const int seen = below + bits;
    return seen == 8 * sizeof(Bits) ? 0 : key >> seen;
  }
  template <class Bits>
  std::size_t of(Bits key) const {
    return static_cast<std::size_t>((key >> below) & ((Bits{1} << bits) - 1));
  }
  std::size_t count() const { return std::size_t{1} << bits; }
};

// The values of wanted ranks of one feature: what is known of their keys, pass by pass.
template <class T>
class Selection {
 public:
  using Bits = typename Key<T>::Bits;

  void begin_pass(Digit digit) { counts_.assign(prefixes_.size() * digit.count(), 0); }
  void add(T value, Digit digit) {
    if (!std::isfinite(value)) return;
    const Bits key = Key<T>::of(value), prefix = digit.prefix(key);
    for (std::size_t p = 0; p < prefixes_.size(); ++p)
      if (prefixes_[p] == prefix) {
        ++counts_[p * digit.count() + digit.of(key)];
        return;
      }
  }
  // After the first pass: how many values there are.
  int64_t count() const {
    int64_t sum = 0;
    for (int64_t c : counts_) sum += c;
    return sum;
  }
  void want(const std::vector<int64_t>& ranks) {
    wanted_.clear();
    for (int64_t rank : ranks) wanted_.push_back({0, rank});
  }
  // Adds the digit of each wanted value to what is known of it.
  void end_pass(Digit digit) {
    for (Wanted& w : wanted_) {
      const auto at = std::find(prefixes_.begin(), prefixes_.end(), w.prefix) - prefixes_.begin();
      const int64_t* counts = counts_.data() + at * static_cast<int64_t>(digit.count());
      Bits next = 0;
      while (w.rank >= counts[next]) w.rank -= counts[next++];
      w.prefix = (w.prefix << digit.bits) | next;
    }
    prefixes_.clear();
    for (const Wanted& w : wanted_)
      if (std::find(prefixes_.begin(), prefixes_.end(), w.prefix) == prefixes_.end())
        prefixes_.push_back(w.prefix);
  }
  double value(std::size_t k) const { return Key<T>::value(wanted_[k].prefix); }

 private:
  struct Wanted {
    Bits prefix;   // of its key
    int64_t rank;  // among the values that share it
  };
  std::vector<Wanted> wanted_;
  std::vector<Bits> prefixes_ = {0};  // that differ
  std::vector<int64_t> counts_;       // of each prefix, by digit
};

// numpy's linear interpolation.
double between(double low, double high, double t) {
  return t < 0.5 ? low + (high - low) * t : high - (high - low) * (1 - t);
}

template <class T>
class Quantiles {
 public:
  Quantiles(Source& source, std::span<const double> q)
      : source_(source),
        q_(q),
        row_(source.row_shapes()[0]),
        features_(static_cast<std::size_t>(element_count(row_))) {}

  Array find() {
    const auto most = static_cast<int64_t>(features_.size() * 2 * q_.size());
    for (int unseen = Key<T>::kBits; unseen > 0;) {
      const bool first = unseen == Key<T>::kBits;
      const int bits = std::min(digit_bits(most), unseen);
      const Digit digit{unseen -= bits, bits};
      for (Selection<T>& s : features_) s.begin_pass(digit);
      read(digit);
      if (first) want_ranks();
      for (Selection<T>& s : features_) s.end_pass(digit);
    }
    std::vector<double> values;
    for (std::size_t k = 0; k < q_.size(); ++k)
      for (std::size_t f = 0; f < features_.size(); ++f) {
        const double at = q_[k] * static_cast<double>(counts_[f] - 1);
        values.push_back(
            between(features_[f].value(2 * k), features_[f].value(2 * k + 1), at - std::floor(at)));
      }
    Shape shape = row_;
    shape.insert(0, static_cast<int64_t>(q_.size()));
    return array(values, shape);
  }

 private:
  void read(Digit digit) {
    const int64_t row_bytes = element_count(row_) * static_cast<int64_t>(sizeof(T));
    const int64_t count = std::max<int64_t>(kPullBytes / std::max<int64_t>(row_bytes, 1), 16);
    source_.reset();
    for (;;) {
      const Array run = astype(source_.pull(count)[0], dtype_of<T>);
      if (run.shape(source_.sample_axis()) == 0) return;
      add(run, digit);
    }
  }
  // Threads have features of their own.
  void add(const Array& run, Digit digit) {
    const int axis = source_.sample_axis();
    const int64_t samples = run.shape(axis), width = static_cast<int64_t>(features_.size());
    const Array flat = axis == 0 ? reshape(run, {samples, width}) : reshape(run, {width, samples});
    const Tensor t = flat.tensor();
    const int64_t step = t.strides[axis], feature_step = t.strides[1 - axis];
    parallel_for(width, 1, [&](int64_t begin, int64_t end) {
      for (int64_t f = begin; f < end; ++f) {
        const T* values = t.as<T>() + f * feature_step;
        Selection<T>& selection = features_[static_cast<std::size_t>(f)];
        for (int64_t i = 0; i < samples; ++i) selection.add(values[i * step], digit);
      }
    });
  }
  // The values below and above each quantile.
  void want_ranks() {
    for (std::size_t f = 0; f < features_.size(); ++f) {
      counts_.push_back(features_[f].count());
      if (counts_[f] == 0)
        throw DataError(fmt::format("feature {} has no finite value: it has no quantiles", f));
      std::vector<int64_t> ranks;
      for (double q : q_) {
        const auto below = static_cast<int64_t>(q * static_cast<double>(counts_[f] - 1));
        ranks.insert(ranks.end(), {below, std::min(below + 1, counts_[f] - 1)});
      }
      features_[f].want(ranks);
    }
  }

  Source& source_;
  const std::span<const double> q_;
  const Shape row_;
  std::vector<Selection<T>> features_;
  std::vector<int64_t> counts_;  // values that are finite
};

}  // namespace

Array quantiles(Source& source, std::span<const double> q) {
  for (double share : q)
    if (!(share >= 0 && share <= 1))
      throw ValueError(fmt::format("quantile {} is not in [0, 1]", share));
  if (source.dtypes()[0] == DType::float32) return Quantiles<float>(source, q).find();
  return Quantiles<double>(source, q).find();
}

}  // namespace lanewise
