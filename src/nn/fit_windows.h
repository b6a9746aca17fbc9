// Samples to train on or to judge by, in the form of the program: all at once, or, where they
// come from a source, a window of them in memory at a time, and the next one on its way.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/tensor.h"
#include "nn/fit_data.h"

namespace lanewise::nn {

// `stream` in the form that program_data gives, run by run.
// Errors: ValueError for other arrays than told, DataError for a source without samples; of
// pull(), those of program_data.
std::unique_ptr<Source> program_source(const Sequential& network, const FitStream& stream,
                                       Loss loss, DType dtype, std::string_view which);

class FitWindows {
 public:
  // One window of all of `data`, as program_data gives it.
  FitWindows(FitData data, int sample_axis);
  // What program_source gives. Windows hold a multiple of `step` rows, about `window`.
  FitWindows(std::unique_ptr<Source> samples, FitFields fields, int64_t window, int64_t step);

  int64_t rows() const { return rows_; }
  FitFields fields() const { return fields_; }
  int64_t count() const { return (rows_ + window_ - 1) / window_; }
  int64_t rows_of(int64_t window) const;
  // Where the samples come from; null where all are in memory.
  Source* source() const { return samples_.get(); }

  // An order of the blocks of rows of which windows are made; empty where there is one window.
  std::vector<int64_t> shuffled_blocks(Generator& generator) const;
  // blocks: empty for the order in which the rows lie.  Errors: what the source raises;
  // ValueError for one that must be read out of order but can't.
  const FitData& load(int64_t window, std::span<const int64_t> blocks = {});

 private:
  // Calls piece(first row, count) for the rows of a window.
  template <class Piece>
  void for_each_piece(int64_t window, std::span<const int64_t> blocks, Piece piece) const;
  void go_to(int64_t row);
  void make_room(std::vector<Tensor>& room, int64_t rows) const;
  FitData read(int64_t window, std::span<const int64_t> blocks, std::vector<Tensor>& room);
  // On a thread of its own, which alone uses the source until load() takes what it read.
  void read_ahead(int64_t window, std::span<const int64_t> blocks);

  std::unique_ptr<Source> samples_;
  FitFields fields_;
  int axis_;
  int64_t rows_, window_;
  int64_t at_ = -1;                       // of the source
  std::vector<Tensor> room_, next_room_;  // that the rows of a window take
  FitData loaded_;
  int64_t next_window_ = 0;
  std::vector<int64_t> next_blocks_;
  std::future<FitData> next_;
  bool holds_all_ = false;
};

}  // namespace lanewise::nn
