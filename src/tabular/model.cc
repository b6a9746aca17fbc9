#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/tensor.h"
#include "lanewise/ops.h"
#include "tabular/model_impl.h"
#include "tabular/target.h"

namespace lanewise {

using nlohmann::json;

namespace {

// Raw outputs of the network become probabilities, or stay numbers of the standardised target.
Array to_answers(const TargetInfo& target, const Array& output) {
  if (target.task == Task::regression) return output;
  if (target.task == Task::multiclass) return softmax(output, -1);
  const Array p = sigmoid(output);
  return concatenate({1.0 - p, p}, 1);
}

std::vector<Array> values_of(const std::vector<std::vector<nn::Parameter>>& members) {
  std::vector<Array> values;
  for (const std::vector<nn::Parameter>& member : members)
    for (const nn::Parameter& p : member) values.push_back(p.value);
  eval(values);
  return values;
}

// The mean of the members' answers.
Predictor::Answer answer_function(const nn::Sequential& network, const TargetInfo& target,
                                  const std::vector<Array>& parameters, std::size_t members) {
  return [=](const Array& x) {
    const std::span all(parameters);
    const std::size_t each = all.size() / members;
    Array answers = to_answers(target, network(all.first(each), x));
    for (std::size_t first = each; first < all.size(); first += each)
      answers = answers + to_answers(target, network(all.subspan(first, each), x));
    return members == 1 ? answers : answers / static_cast<double>(members);
  };
}

}  // namespace

Model::Impl::Impl(TargetInfo t, Objective o, Preprocessor p, nn::Sequential n,
                  std::vector<std::vector<nn::Parameter>> all, std::map<std::string, Metrics> m)
    : target(std::move(t)),
      objective(std::move(o)),
      preprocessor(std::move(p)),
      network(std::move(n)),
      members(std::move(all)),
      values(values_of(members)),
      metrics(std::move(m)),
      predictor(answer_function(network, target, values, members.size()), preprocessor.width()) {}

int32_t Prediction::best_class(int64_t row) const {
  const auto first = values.begin() + row * classes;
  return static_cast<int32_t>(std::max_element(first, first + classes) - first);
}

CsvOptions Model::csv_options() const {
  CsvOptions options = impl_->preprocessor.csv_options();
  if (impl_->target.is_text) options.as_text.push_back(impl_->target.column);
  return options;
}

const TargetInfo& Model::target() const { return impl_->target; }
const Objective& Model::objective() const { return impl_->objective; }
const Preprocessor& Model::preprocessor() const { return impl_->preprocessor; }
const nn::Sequential& Model::network() const { return impl_->network; }
int64_t Model::members() const { return static_cast<int64_t>(impl_->members.size()); }
const std::vector<Array>& Model::parameters() const { return impl_->values; }
const std::map<std::string, Metrics>& Model::metrics() const { return impl_->metrics; }
int64_t Model::features() const { return impl_->preprocessor.width(); }
int64_t Model::outputs() const {
  return impl_->target.task == Task::regression
             ? 1
             : static_cast<int64_t>(impl_->target.classes.size());
}

int64_t Model::part_rows() const {
  constexpr int64_t kFewest = 1024, kBytes = 16 << 20;
  return std::max(kFewest, kBytes / static_cast<int64_t>(sizeof(float)) / features());
}

void Model::predict_into(const float* features, int64_t row_stride, int64_t column_stride,
                         int64_t rows, float* out) const {
  impl_->predictor.predict_into(features, row_stride, column_stride, rows, out);
  if (impl_->target.task != Task::regression) return;
  for (int64_t i = 0; i < rows; ++i) out[i] = static_cast<float>(impl_->in_target_units(out[i]));
}

Prediction Model::predict(const Array& x) const {
  if (x.rank() != 2 || x.shape(1) != features() || x.dtype() != DType::float32)
    throw ValueError(fmt::format("predict: features are {} {}, expected float32 (rows, {})",
                                 name(x.dtype()), to_string(x.shape()), features()));
  const Tensor features = x.tensor();
  const int64_t rows = x.shape(0);
  std::vector<float> out(static_cast<std::size_t>(rows * outputs()));
  impl_->predictor.predict_into(features.as<float>(), features.strides[0], features.strides[1],
                                rows, out.data());
  Prediction p{{out.begin(), out.end()}, rows, static_cast<int64_t>(impl_->target.classes.size())};
  if (impl_->target.task == Task::regression)
    for (double& value : p.values) value = impl_->in_target_units(value);
  return p;
}

Prediction Model::predict(const Table& table, std::map<std::string, int64_t>* unseen) const {
  return predict(impl_->preprocessor.transform(table, unseen));
}

namespace {

// Targets and answers of the rows so far.
class Evaluation {
 public:
  Evaluation(const Model& model, const std::string& target)
      : model_(model), target_(model.target()) {
    if (!target.empty()) target_.column = target;
  }

  void add(const Table& part, std::map<std::string, int64_t>* unseen) {
    source_ = part.source;
    const TargetValues values = read_target(part, target_);
    dropped_ += values.dropped;
    if (values.rows.empty()) return;
    const Prediction p = model_.predict(part.select_rows(values.rows), unseen);
    append(all_.values, p.values);
    all_.rows += p.rows;
    all_.classes = p.classes;
    append(classes_, values.classes);
    append(values_, values.values);
  }

  Metrics result(int64_t* rows, int64_t* dropped) const {
    if (rows) *rows = all_.rows;
    if (dropped) *dropped = dropped_;
    if (all_.rows == 0)
      throw DataError(fmt::format("{}: target '{}' has no values", source_, target_.column),
                      source_);
    return score(target_, all_, classes_, values_);
  }

 private:
  template <class T>
  static void append(std::vector<T>& all, const std::vector<T>& part) {
    all.insert(all.end(), part.begin(), part.end());
  }

  const Model& model_;
  TargetInfo target_;
  std::string source_;
  Prediction all_;
  std::vector<int32_t> classes_;
  std::vector<double> values_;
  int64_t dropped_ = 0;
};

}  // namespace

Metrics Model::evaluate(const Table& table, const std::string& target, int64_t* dropped,
                        std::map<std::string, int64_t>* unseen) const {
  Evaluation evaluation(*this, target);
  evaluation.add(table, unseen);
  return evaluation.result(nullptr, dropped);
}

Metrics Model::evaluate(TableSource& tables, const std::string& target, int64_t* rows,
                        int64_t* dropped, std::map<std::string, int64_t>* unseen) const {
  Evaluation evaluation(*this, target);
  for (Table part = tables.pull(part_rows()); part.rows > 0; part = tables.pull(part_rows()))
    evaluation.add(part, unseen);
  return evaluation.result(rows, dropped);
}

std::string Model::describe() const {
  const TargetInfo& t = impl_->target;
  std::string text =
      fmt::format("target     {} ({}{})\n", t.column, name(t.task),
                  t.classes.empty() ? "" : fmt::format(": {}", fmt::join(t.classes, ", ")));
  text += fmt::format("features   {} from {} columns\n\n", features(),
                      impl_->preprocessor.inputs().size());
  text += impl_->preprocessor.describe() + "\n" + impl_->network.summary();
  if (members() > 1)
    text += fmt::format("{} networks, whose answers are averaged: {} parameters\n", members(),
                        members() * impl_->network.parameter_count());
  return text;
}

std::string Model::to_json() const {
  const TargetInfo& t = impl_->target;
  const Objective& o = impl_->objective;
  return json{{"target",
               {{"column", t.column},
                {"task", name(t.task)},
                {"classes", t.classes},
                {"text", t.is_text},
                {"mean", t.mean},
                {"scale", t.scale}}},
              {"objective",
               {{"loss", nn::name(o.loss)},
                {"smoothing", o.options.smoothing},
                {"focus", o.options.focus},
                {"delta", o.options.delta},
                {"quantile", o.options.quantile},
                {"class_weights", o.class_weights}}},
              {"architecture", json::parse(impl_->network.to_json())},
              {"preprocessing", json::parse(impl_->preprocessor.to_json())},
              {"metrics", impl_->metrics},
              {"members", members()},
              {"parameters", members() * impl_->network.parameter_count()}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace lanewise
