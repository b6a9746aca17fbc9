// Sources and sinks on files of arrays, and threads that read ahead and write behind.
//
// How the samples lie in a .npy file decides what its source gives. Where a sample's features
// are together, as in an array (samples, …) in C order, runs are rows; where a feature's samples
// are together, as in an array (features, samples) in C order or (samples, features) in Fortran
// order, runs are columns, (features, count) with sample_axis() 1, and each feature is a read of
// its own: pull many samples at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lanewise/dtype.h"
#include "lanewise/shape.h"
#include "lanewise/streams.h"

namespace lanewise {

// ---- sources ----

struct NpySourceOptions {
  std::optional<DType> dtype{};  // convert to it: float32 or float64
  bool features_first = false;   // arrays are (features, samples)
  bool direct = false;           // past the page cache, where the file system can
};

// Any element type that load_npy takes, any order; several files one after the other where `path`
// is a pattern such as "part-*.npy" (sorted by name) or a list. Read with pread: a file that
// shrinks meanwhile is an error.
// Errors: IoError; DataError for damage, for files that differ in dtype, layout or the shape of a
// sample, naming two of them; ValueError for another dtype.
std::unique_ptr<Source> npy_source(const std::string& path, const NpySourceOptions& options = {});
std::unique_ptr<Source> npy_source(const std::vector<std::string>& paths,
                                   const NpySourceOptions& options = {});
// An array of an archive. A deflated one can only be read in order, as rows; with a feature's
// samples together it is unpacked whole.
// Errors: as npy_source; DataError naming the arrays there are.
std::unique_ptr<Source> npz_source(const std::string& path, const std::string& array,
                                   const NpySourceOptions& options = {});

// `source`, whose next runs a thread of its own has pulled already: at most `depth` of them, of
// as many samples as the first pull asks for. Errors come where their samples would have.
std::unique_ptr<Source> read_ahead(std::unique_ptr<Source> source, int depth = 2);

// ---- sinks ----

struct NpySinkOptions {
  bool features_first = false;      // the file's array is (features, samples)
  bool fortran_order = false;       // … and in Fortran order
  std::optional<int64_t> length{};  // samples in all: room is taken at once; needed for columns
  // Writes PATH.partial, which stays when the sink isn't closed, and goes on there at a sample
  // that flush() has told of.
  bool keep_partial = false;
  int64_t resume_at = 0;
};

// A .npy file, which appears when the sink is closed. Samples are pushed as the source of such a
// file gives them: as rows, or as columns.
// Errors: IoError, with the bytes needed and free where the disk hasn't enough; ValueError for
// columns of unknown length or of rank 2 and more; DataError for a partial file of something else.
std::unique_ptr<Sink> npy_sink(const std::string& path, const Shape& row_shape, DType dtype,
                               const NpySinkOptions& options = {});

// `sink`, to which a thread of its own pushes: at most `depth` runs wait. Errors come with the
// next push, flush or close.
std::unique_ptr<Sink> write_behind(std::unique_ptr<Sink> sink, int depth = 2);

}  // namespace lanewise
