#include "tabular/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "base/names.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

struct Row {
  Task value;
  std::string_view name;
};
constexpr Row kTasks[] = {
    {Task::binary, "binary"},
    {Task::multiclass, "multiclass"},
    {Task::regression, "regression"},
};
// Whole numbers with so few distinct values, each so often, are labels.
constexpr std::size_t kMostClasses = 20;
constexpr int64_t kFewestRowsAClass = 5;
// A classifier with more classes than this is almost surely a mistake in the flags.
constexpr std::size_t kMostClassesTold = 10000;

std::set<double> distinct_numbers(const Column& c) {
  std::set<double> values;
  for (double x : c.numbers)
    if (!std::isnan(x)) values.insert(x);
  return values;
}

bool looks_like_labels(const Column& c, const std::set<double>& values) {
  const bool whole =
      std::all_of(values.begin(), values.end(), [](double x) { return x == std::floor(x); });
  const int64_t rows = static_cast<int64_t>(c.numbers.size()) - c.missing;
  return whole && values.size() <= kMostClasses &&
         rows >= kFewestRowsAClass * static_cast<int64_t>(values.size());
}

std::vector<std::string> class_labels(const Column& c) {
  std::vector<std::string> labels;
  if (c.is_text) {
    labels = c.dictionary;
    std::sort(labels.begin(), labels.end());
  } else {
    for (double x : distinct_numbers(c)) labels.push_back(fmt::format("{}", x));
  }
  return labels;
}

Task recognize(const Column& c, std::size_t classes) {
  if (classes == 2) return Task::binary;
  if (c.is_text) return Task::multiclass;
  return looks_like_labels(c, distinct_numbers(c)) ? Task::multiclass : Task::regression;
}

}  // namespace

std::string_view name(Task task) { return row_of(kTasks, task).name; }
Task task_from_name(std::string_view wanted) { return row_named(kTasks, "task", wanted).value; }

TargetInfo recognize_target(const Table& table, const std::string& column,
                            std::optional<Task> task) {
  const Column& c = table.column(column);
  const auto fail = [&](const std::string& problem) {
    throw DataError(fmt::format("{}: target '{}' {}", table.source, column, problem), table.source);
  };
  TargetInfo target;
  target.column = column;
  target.is_text = c.is_text;
  std::vector<std::string> labels = class_labels(c);
  if (labels.empty()) fail("has no values");
  if (labels.size() == 1)
    fail(fmt::format("has one value only, '{}'; there is nothing to learn", labels[0]));
  target.task = task ? *task : recognize(c, labels.size());
  if (target.task == Task::regression) {
    if (c.is_text) fail("holds text; regression needs numbers");
    return target;
  }
  if (target.task == Task::binary && labels.size() != 2)
    fail(fmt::format("has {} values; a binary target has 2", labels.size()));
  if (labels.size() > kMostClassesTold)
    fail(fmt::format("has {} classes, which are too many; is it the right column?", labels.size()));
  if (!task && c.is_text && c.type == ColumnType::identifier)
    fail(fmt::format("has {} different texts in {} rows; is it the right column?", labels.size(),
                     table.rows));
  target.classes = std::move(labels);
  return target;
}

namespace {

// The number of the class that a row has; each text or number is looked up once.
class ClassNumbers {
 public:
  explicit ClassNumbers(const TargetInfo& target) {
    for (std::size_t k = 0; k < target.classes.size(); ++k)
      of_label_[target.classes[k]] = static_cast<int32_t>(k);
  }
  int32_t of(const Column& column, int64_t row) {  // −1: none
    const auto [at, first] = of_value_.try_emplace(column.number_or_code(row), -1);
    if (!first) return at->second;
    const auto found = of_label_.find(column.text(row));
    if (found != of_label_.end()) at->second = found->second;
    return at->second;
  }

 private:
  std::unordered_map<std::string, int32_t> of_label_;
  std::unordered_map<double, int32_t> of_value_;
};

}  // namespace

TargetValues read_target(const Table& table, const TargetInfo& target) {
  const Column& c = table.column(target.column);
  TargetValues out;
  ClassNumbers numbers(target);
  for (int64_t row = 0; row < table.rows; ++row) {
    const auto i = static_cast<std::size_t>(row);
    if (c.is_text ? c.codes[i] < 0 : std::isnan(c.numbers[i])) {
      ++out.dropped;
      continue;
    }
    out.rows.push_back(row);
    if (target.task == Task::regression) {
      if (c.is_text)
        throw DataError(
            fmt::format("{}: target '{}' holds text ('{}'), but the model predicts numbers",
                        table.source, c.name, c.text(row)),
            table.source);
      out.values.push_back(c.numbers[i]);
      continue;
    }
    const int32_t k = numbers.of(c, row);
    if (k < 0)
      throw DataError(
          fmt::format("{}: target '{}' has the value '{}', which the model does not know; it "
                      "knows: {}",
                      table.source, c.name, c.text(row), fmt::join(target.classes, ", ")),
          table.source);
    out.classes.push_back(k);
  }
  return out;
}

nn::Loss loss_for(Task task, std::optional<nn::Loss> told) {
  const auto is_of_classes = [](nn::Loss loss) {
    return loss == nn::Loss::binary_cross_entropy || loss == nn::Loss::softmax_cross_entropy;
  };
  const bool classes = task != Task::regression;
  if (told && is_of_classes(*told) != classes)
    throw ValueError(
        fmt::format("the loss {} is for {}, but the target is {}; {}", nn::name(*told),
                    classes ? "numbers" : "classes", name(task),
                    classes ? "use a cross-entropy" : "use mean_squared_error, huber or quantile"));
  if (!classes) return told.value_or(nn::Loss::mean_squared_error);
  return task == Task::binary ? nn::Loss::binary_cross_entropy : nn::Loss::softmax_cross_entropy;
}

std::vector<double> class_weights(const TargetInfo& target, const TrainOptions& options,
                                  std::span<const double> class_shares) {
  if (options.class_weights.empty() && !options.balance_classes) return {};
  if (target.task == Task::regression)
    throw ValueError(
        fmt::format("class weights: the target '{}' holds numbers, no classes", target.column));
  const std::size_t classes = target.classes.size();
  std::vector<double> weights(classes, 1);
  if (options.balance_classes) weights = nn::balanced_weights(class_shares);
  for (const auto& [label, weight] : options.class_weights) {
    const auto found = std::find(target.classes.begin(), target.classes.end(), label);
    if (found == target.classes.end())
      throw ValueError(fmt::format("class weights: no class of '{}' is called '{}'; there are: {}",
                                   target.column, label, fmt::join(target.classes, ", ")));
    if (!(weight > 0 && std::isfinite(weight)))
      throw ValueError(
          fmt::format("class weights: that of '{}' is {}, expected a number > 0", label, weight));
    weights[static_cast<std::size_t>(found - target.classes.begin())] *= weight;
  }
  return weights;
}

Array target_array(const TargetInfo& target, const TargetValues& values,
                   std::span<const int64_t> chosen) {
  const auto m = static_cast<int64_t>(chosen.size());
  if (target.task == Task::multiclass) {
    std::vector<int64_t> classes;
    for (int64_t i : chosen) classes.push_back(values.classes[static_cast<std::size_t>(i)]);
    return array(classes, {m});
  }
  std::vector<float> y;
  for (int64_t i : chosen) {
    const auto k = static_cast<std::size_t>(i);
    y.push_back(static_cast<float>(target.task == Task::binary
                                       ? values.classes[k]
                                       : (values.values[k] - target.mean) / target.scale));
  }
  return array(y, {m, 1});
}

nn::FitData training_data(const Array& features, const TargetInfo& target,
                          const TargetValues& values, std::span<const int64_t> chosen,
                          std::span<const double> class_weights) {
  nn::FitData data{features, target_array(target, values, chosen)};
  if (class_weights.empty()) return data;
  std::vector<int32_t> classes;
  for (int64_t i : chosen) classes.push_back(values.classes[static_cast<std::size_t>(i)]);
  data.weights =
      nn::weights_of_classes(array(classes, {static_cast<int64_t>(classes.size())}), class_weights);
  return data;
}

}  // namespace lanewise
