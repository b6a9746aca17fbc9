#include "cli/spec.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <sstream>
#include <variant>

#include "cli/command.h"

namespace lanewise::cli {
namespace {

// An option of what is called `owner`, or by a name that begins so.
template <class T>
struct OptionRow {
  std::string_view owner, key;
  std::variant<double T::*, bool T::*> field;
};

constexpr OptionRow<nn::LossOptions> kLossOptions[] = {
    {"cross_entropy", "smoothing", &nn::LossOptions::smoothing},
    {"cross_entropy", "focus", &nn::LossOptions::focus},
    {"huber", "delta", &nn::LossOptions::delta},
    {"quantile", "quantile", &nn::LossOptions::quantile},
};

using O = OptimizerOptions;
constexpr OptionRow<O> kOptimizerOptions[] = {
    {"momentum", "momentum", &O::momentum}, {"momentum", "dampening", &O::dampening},
    {"momentum", "nesterov", &O::nesterov}, {"adam", "beta1", &O::beta1},
    {"adam", "beta2", &O::beta2},           {"adam", "epsilon", &O::epsilon},
    {"adam", "amsgrad", &O::amsgrad},       {"rmsprop", "alpha", &O::alpha},
    {"rmsprop", "centered", &O::centered},  {"rmsprop", "momentum", &O::rmsprop_momentum},
    {"rmsprop", "epsilon", &O::epsilon},    {"adagrad", "epsilon", &O::epsilon},
};

using Kind = OptimizerKind;
constexpr Kind kOptimizers[] = {Kind::sgd,   Kind::momentum, Kind::adam,
                                Kind::adamw, Kind::rmsprop,  Kind::adagrad};

// The momentum of rmsprop is another number, which --optimizer alone sets.
bool changes(std::string_view flag, Kind kind) {
  if (flag == "--momentum") return kind == Kind::momentum;
  const auto names_it = [&](const OptionRow<O>& row) {
    return row.key == flag.substr(2) && name(kind).starts_with(row.owner);
  };
  return std::any_of(std::begin(kOptimizerOptions), std::end(kOptimizerOptions), names_it);
}

struct Spec {
  std::string name;
  std::vector<std::string> options;
};

Spec spec_of(const std::string& text) {
  const size_t end = text.find_first_of(":,");
  Spec spec{text.substr(0, end), {}};
  std::istringstream options(end == text.npos ? "" : text.substr(end + 1));
  for (std::string option; std::getline(options, option, ',');) spec.options.push_back(option);
  return spec;
}

double number(const std::string& flag, const std::string& key, const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end)
    throw UsageError(fmt::format("{}: '{}' isn't a number for {}", flag, text, key));
  return value;
}

template <class T>
const OptionRow<T>& find(const std::string& flag, std::string_view owner, const std::string& key,
                         std::span<const OptionRow<T>> rows) {
  std::vector<std::string_view> known;
  for (const OptionRow<T>& row : rows) {
    if (!owner.starts_with(row.owner)) continue;
    if (row.key == key) return row;
    known.push_back(row.key);
  }
  if (known.empty()) throw UsageError(fmt::format("{}: {} has no options", flag, owner));
  throw UsageError(fmt::format("{}: {} has no option '{}'; it has: {}", flag, owner, key,
                               fmt::join(known, ", ")));
}

// "key=value", a switch's "key", or the value of the only number that there is.
template <class T>
void set(const std::string& flag, std::string_view owner, const std::string& option,
         std::span<const OptionRow<T>> rows, T& into) {
  const size_t equals = option.find('=');
  std::string key = option.substr(0, equals);
  std::string value = equals == option.npos ? "" : option.substr(equals + 1);
  const auto own = std::count_if(rows.begin(), rows.end(),
                                 [&](const auto& row) { return owner.starts_with(row.owner); });
  if (equals == option.npos && own == 1) {
    const auto only = std::find_if(rows.begin(), rows.end(),
                                   [&](const auto& row) { return owner.starts_with(row.owner); });
    value = key, key = only->key;
  }
  const OptionRow<T>& row = find(flag, owner, key, rows);
  if (const auto* toggle = std::get_if<bool T::*>(&row.field)) {
    if (!value.empty()) throw UsageError(fmt::format("{}: {} takes no value", flag, key));
    into.** toggle = true;
  } else {
    into.*std::get<double T::*>(row.field) = number(flag, key, value);
  }
}

template <class T>
void set_all(const std::string& flag, std::string_view owner, const Spec& spec,
             std::span<const OptionRow<T>> rows, T& into) {
  for (const std::string& option : spec.options) set(flag, owner, option, rows, into);
  into.validate();
}

}  // namespace

void read_loss(const std::string& text, TrainOptions& options) {
  const Spec spec = spec_of(text);
  // Whose cross-entropy it is the task decides.
  options.loss =
      spec.name == "cross_entropy" ? nn::Loss::binary_cross_entropy : nn::loss_from_name(spec.name);
  options.loss_options = {};
  set_all<nn::LossOptions>("--loss", spec.name, spec, kLossOptions, options.loss_options);
}

void read_optimizer(const std::string& text, OptimizerOptions& options) {
  const Spec spec = spec_of(text);
  options.kind = optimizer_from_name(spec.name);
  // SGD with options is SGD with momentum.
  if (options.kind == OptimizerKind::sgd && !spec.options.empty())
    options.kind = OptimizerKind::momentum;
  set_all<OptimizerOptions>("--optimizer", name(options.kind), spec, kOptimizerOptions, options);
}

std::string optimizers_with(std::string_view flag) {
  std::vector<std::string_view> names;
  for (const Kind kind : kOptimizers)
    if (changes(flag, kind)) names.push_back(name(kind));
  const std::string_view last = names.back();
  names.pop_back();
  return names.empty() ? std::string(last) : fmt::format("{} and {}", fmt::join(names, ", "), last);
}

void refuse_without_effect(std::string_view flag, const std::vector<OptimizerKind>& kinds) {
  if (std::any_of(kinds.begin(), kinds.end(), [&](Kind kind) { return changes(flag, kind); }))
    return;
  throw UsageError(
      fmt::format("{} is for {}, not {}; options written with an optimizer, as "
                  "momentum:momentum=0.9, go with it",
                  flag, optimizers_with(flag), name(kinds[0])));
}

void read_class_weight(const std::string& text, TrainOptions& options) {
  if (text == "balanced") {
    options.balance_classes = true;
    return;
  }
  const size_t equals = text.rfind('=');
  if (equals == text.npos || equals == 0)
    throw UsageError(fmt::format(
        "--class-weights: '{}' is neither 'balanced' nor LABEL=WEIGHT, as yes=3", text));
  options.class_weights[text.substr(0, equals)] =
      number("--class-weights", text.substr(0, equals), text.substr(equals + 1));
}

}  // namespace lanewise::cli
