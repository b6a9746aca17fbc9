#include "tabular/fingerprint.h"

#include <fmt/format.h>

#include "base/crc32c.h"
#include "base/tensor.h"
#include "io/row_major.h"
#include "tabular/target.h"

namespace lanewise {

using nlohmann::json;

namespace {

constexpr std::string_view kData = "data";

uint32_t checksum(uint32_t crc, const Array& a) {
  const Tensor t = row_major(a.tensor());
  return crc32c(crc, t.data, t.bytes());
}

json of_optimizer(const TrainOptions& options) {
  const OptimizerOptions& o = options.optimizer;
  return {{"optimizer", name(o.kind)},
          {"lr", o.learning_rate},
          {"schedule", name(o.schedule)},
          {"warmup", o.warmup_steps},
          {"momentum", o.momentum},
          {"dampening", o.dampening},
          {"nesterov", o.nesterov},
          {"beta1", o.beta1},
          {"beta2", o.beta2},
          {"epsilon", o.epsilon},
          {"amsgrad", o.amsgrad},
          {"alpha", o.alpha},
          {"centered", o.centered},
          {"rmsprop-momentum", o.rmsprop_momentum},
          {"no-bias-decay", options.spare_biases},
          {"clip", o.clip_norm}};
}

json of_loss(const TrainOptions& options, Task task) {
  const nn::LossOptions& o = options.loss_options;
  return {{"loss", nn::name(loss_for(task, options.loss))},
          {"smoothing", o.smoothing},
          {"focus", o.focus},
          {"delta", o.delta},
          {"quantile", o.quantile},
          {"class-weights", options.class_weights},
          {"balanced classes", options.balance_classes}};
}

json of_encoding(const EncodingOptions& o) {
  json types = json::object();
  for (const auto& [column, type] : o.types) types[column] = name(type);
  return {{"types", types},
          {"bins", o.bins},
          {"bin-rows", o.bin_rows},
          {"common-values", o.common_values},
          {"common-coverage", o.common_coverage},
          {"common-min-rows", o.common_min_rows},
          {"few-rows", o.few_rows},
          {"max-categories", o.max_categories},
          {"drop", o.drop}};
}

}  // namespace

uint32_t checksum(uint32_t crc, const nn::FitData& data) {
  crc = checksum(checksum(crc, data.x), data.y);
  return data.folds ? checksum(crc, *data.folds) : crc;
}

json fingerprint(const TrainOptions& o, const TrainPlan& plan, uint32_t data) {
  json all = {{"target", plan.target.column},
              {"task", name(plan.target.task)},
              {"folds", plan.members},
              {"validation", o.validation},
              {"test-fraction", o.test_fraction},
              {"hidden", o.hidden},
              {"activation", nn::name(o.activation)},
              {"init", nn::name(o.init)},
              {"dropout", o.dropout},
              {"epochs", plan.epochs},
              {"patience", plan.patience},
              {"batch", plan.batch},
              {"accumulate", o.accumulate},
              {"weight-decay", plan.weight_decay},
              {"average", o.average_decay},
              {"seed", o.seed},
              {kData, data}};
  all.update(of_optimizer(o));
  all.update(of_loss(o, plan.target.task));
  all.update(of_encoding(o.encoding));
  return all;
}

std::string differences(const json& now, const json& then) {
  std::string text;
  const auto add = [&](const std::string& difference) {
    text += (text.empty() ? "" : "; ") + difference;
  };
  bool other_data = false;
  for (const auto& [key, value] : now.items()) {
    const json before = then.value(key, json());
    if (value == before) continue;
    if (key == kData) other_data = true;
    else add(fmt::format("{} is {}, not {}", key, value.dump(), before.dump()));
  }
  // Other options make other features of the same file.
  if (other_data && text.empty()) add("the data differ");
  return text;
}

}  // namespace lanewise
