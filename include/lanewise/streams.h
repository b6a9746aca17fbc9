// Streams: samples in order, a run at a time, from memory or from files larger than it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lanewise/array.h"

namespace lanewise {

// Samples in order. The arrays of one pull have equal extents along the sample axis.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::vector<Shape> row_shapes() const = 0;  // of one sample, per array
  virtual std::vector<DType> dtypes() const = 0;
  // Which axis of the arrays runs along the samples: 0, as rows; 1, as columns.
  virtual int sample_axis() const { return 0; }
  virtual std::optional<int64_t> length() const = 0;  // samples in all, when known
  // The next samples, at most `count`; fewer only at the end; none at the end.
  // Errors: IoError, DataError with the byte offset where a file ends too early.
  virtual std::vector<Array> pull(int64_t count) = 0;
  virtual void reset() = 0;  // to the first sample
  virtual bool seekable() const { return false; }
  virtual void seek(int64_t sample);  // Errors: ValueError unless seekable
};

// The rows of arrays in memory.  Errors: ShapeError where these have different numbers of them.
std::unique_ptr<Source> array_source(std::vector<Array> arrays);

class Sink {
 public:
  virtual ~Sink() = default;
  // Which axis of the arrays that are pushed runs along the samples.
  virtual int sample_axis() const { return 0; }
  virtual void push(std::span<const Array> samples) = 0;
  // Waits until what was pushed is safe on the disk, as far as this sink can; the samples that are.
  virtual int64_t flush() { return 0; }
  virtual void close() = 0;  // makes the result visible; without it nothing is left behind
};

}  // namespace lanewise
