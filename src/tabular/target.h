// The column to predict: which task it poses, and its values as numbers.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "lanewise/tabular.h"

namespace lanewise {

// A target read from a table: rows that have one, with its class or value.
struct TargetValues {
  std::vector<int64_t> rows;     // of the table, those with a value
  std::vector<int32_t> classes;  // of each; classification
  std::vector<double> values;    // of each, in the data's units; regression
  int64_t dropped = 0;           // rows without a value
};

// Recognises the task (or takes the one told) and the classes.
// Errors: DataError for no values, one class, text where numbers are needed.
TargetInfo recognize_target(const Table& table, const std::string& column,
                            std::optional<Task> task);

// Reads the values of a known target.  Errors: DataError for a class that is not known.
TargetValues read_target(const Table& table, const TargetInfo& target);

// What a network of the task minimises, unless told.
// Errors: ValueError for a loss of another task.
nn::Loss loss_for(Task task, std::optional<nn::Loss> told = {});

// What the rows of each class count; empty where all count alike. class_shares: of the training
// rows.
// Errors: ValueError for a label that is not known, weights out of range, or a regression.
std::vector<double> class_weights(const TargetInfo& target, const TrainOptions& options,
                                  std::span<const double> class_shares);

// Targets as the network's loss takes them: (m, 1) float32, or (m,) int64 classes.
Array target_array(const TargetInfo& target, const TargetValues& values,
                   std::span<const int64_t> chosen);

// Features of the chosen rows with their targets, and weights where classes have some.
nn::FitData training_data(const Array& features, const TargetInfo& target,
                          const TargetValues& values, std::span<const int64_t> chosen,
                          std::span<const double> class_weights);

}  // namespace lanewise
