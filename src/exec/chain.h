// A chain: elementwise instructions of a stage that follow one another on values of one shape, as
// one pass over the samples of a tile, a few at a time. Where the samples of a feature lie together
// the pass goes over the tile once for each feature, as if it were the only one.
#pragma once

#include <algorithm>
#include <numeric>

#include "exec/elementwise_pass.h"

namespace lanewise::exec {

struct Chain {
  int begin = 0, end = 0;  // instructions
  int axis = 0;            // along the samples
  int64_t row = 1;         // elements of a sample in a pass, at most ElementwisePass::kStrip
  int64_t features = 1;    // passes over a tile
  bool keeps = false;      // some value for all samples
  ElementwisePass pass;
  // Offsets in the memory of a thread: the buffers of the pass, which those of other chains share,
  // an OpenChain, and for each value outside of the pass a window, a ChainValue and a strip.
  int64_t buffers = 0, open = 0, windows = 0, values = 0, strips = 0;

  // Samples of a strip; strips that come from memory or go there end where lines do.
  int64_t strip_rows(bool moves) const {
    constexpr int64_t kLineElements = 16;
    if (!moves) return ElementwisePass::kStrip / row;
    const int64_t lines = kLineElements / std::gcd(kLineElements, row);
    const int64_t rows = (ElementwisePass::kMovingStrip / row + lines - 1) / lines * lines;
    return std::clamp<int64_t>(rows, 1, ElementwisePass::kStrip / row);
  }
  static constexpr int64_t kStripBytes = ElementwisePass::kStrip * sizeof(double);
};

// How a chain runs on tiles of so many samples; its ChainValues belong to it.
struct OpenChain {
  int64_t count = -1;  // -1: on none yet
  bool runs = false;   // else values lie so that each instruction has to run on its own
  bool moves = false;  // see ElementwisePass::run
  int64_t rows = 0;    // samples of a strip
};

// A value outside of a chain's pass: how it lies to the samples of a tile.
class ChainValue {
 public:
  // v: of the shape of the chain's values, strides 0 where it repeats; strip: kStripBytes.
  ChainValue(const View& v, const Chain& chain, int64_t samples, std::byte* strip);

  // Whether a chain can read it, or write it.
  bool is_readable() const { return kind_ != Kind::other; }
  bool is_writable() const { return kind_ == Kind::flat; }
  Window window() const;
  // Lets the pass fetch its strips, which come from memory, ahead: as the `next` of a window, its
  // own or that of a result which leaves.
  void fetch_ahead(int window) {
    if (kind_ == Kind::flat) fetched_by_ = window;
  }
  int fetched_by() const { return fetched_by_; }  // -1: it is not
  bool is_as_wide_as(const ChainValue& other) const { return bytes_ == other.bytes_; }
  // Where that strip begins which is read after the samples before `end`; nullptr: none is fetched.
  const std::byte* next(int64_t end, int64_t samples) const;

  // Goes on to the next feature; or to another tile that lies likewise.
  void next_feature();
  void move_to(std::byte* data) { data_ = data; }

  // Lets the pass write a strip at a time and take it around the caches to `there`, where the value
  // of the tile belongs.
  void stream_to(const View& there, const Chain& chain);
  bool leaves() const { return kind_ == Kind::streamed; }
  // Whether its strips come from memory or go there.
  bool moves() const { return fetched_by_ >= 0 || leaves(); }
  // Whether it is read strip by strip from memory that `result` writes in another order.
  bool is_overwritten_by(const ChainValue& result, const Chain& chain, int64_t samples) const;

  // Before the strips of the first tile: what repeats for each sample.
  void fill_rows(int64_t samples) const;
  // Before a strip: what repeats for each element of a sample.
  void fill_strip(int64_t first, int64_t samples) const;

 private:
  enum class Kind : uint8_t { flat, number, row, column, streamed, other };
  static Kind kind_of(const View& v, const Chain& chain, int64_t samples);

  std::byte* data_;
  std::byte* strip_;
  // Of an element; elements of a sample; from sample to sample, from feature to feature.
  int64_t bytes_, row_, step_, feature_step_;
  Kind kind_;
  int fetched_by_ = -1;
};

}  // namespace lanewise::exec
