// What a user hands to fit(), checked once and brought into the form that every
// step takes, so that no step converts or copies it again.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "lanewise/nn.h"
#include "nn/layout.h"

namespace lanewise::nn {

// The dtypes of the program, every array with two axes and equal extents along the
// samples. `which` ("training", "validation") appears in errors.
// Errors: ShapeError; ValueError for no rows or targets that the loss can't take.
FitData program_data(const Sequential& network, const FitData& data, Loss loss, DType dtype,
                     std::string_view which);

// Which arrays there are beside x and y.
struct FitFields {
  bool weights = false, folds = false;
};
FitFields fields_of(const FitData& data);

// The arrays that there are, in the order of the fields; and a list in that order by name again.
std::vector<Array> listed(const FitData& data);
FitData named(std::span<const Array> list, FitFields fields);

// The rows with each number 0 … members − 1 in folds.
std::vector<std::vector<int64_t>> rows_by_fold(const Array& folds, std::size_t members);
// Errors: ValueError where a fold has none of the rows or all, for a network to be judged by or to
// learn from.
void check_fold(int fold, int64_t rows, int64_t rows_in_all);

// What member k learns from: the rows that it leaves out weigh nothing.
FitData without_fold(const FitData& data, int k);

}  // namespace lanewise::nn
