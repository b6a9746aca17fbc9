// Pruning by magnitude, then training what is left.
//
// A hidden unit counts as much as the weights that lead to it and those that lead on: the product
// of their norms. Source: Li et al. 2017, Pruning filters for efficient ConvNets; single weights:
// Han et al. 2015, Learning both weights and connections.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/names.h"
#include "lanewise/error.h"
#include "lanewise/ops.h"
#include "tabular/model_impl.h"
#include "tabular/rows.h"
#include "tabular/target.h"

namespace lanewise {
namespace {

using nlohmann::json;

void validate(const PruneOptions& o) {
  const auto require = [](bool holds, std::string_view what, double value, std::string_view range) {
    if (!holds) throw ValueError(fmt::format("prune: {} is {}, expected {}", what, value, range));
  };
  require(o.share >= 0 && o.share < 1, "the share", o.share, "0 or more and below 1");
  require(o.epochs >= 0, "epochs", o.epochs, "0 (no training) or more");
  require(o.validation > 0 && o.validation < 1, "the validation share", o.validation,
          "above 0 and below 1");
  o.optimizer.validate();
}

// A dense layer: the places of its weight and bias among the parameters of a network, and of itself
// among the layers.
struct Dense {
  std::size_t layer, weight, bias;
};

std::vector<Dense> dense_layers(const json& layers) {
  std::vector<Dense> found;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string type = layers[i].at("type");
    if (type == "dense") found.push_back({i, 2 * found.size(), 2 * found.size() + 1});
    else if (type != "dropout" && type != "activation")
      throw ValueError(fmt::format(
          "prune: the model has a layer of type '{}'; only dense ones can be pruned", type));
  }
  return found;
}

using Parameters = std::vector<Array>;

// ‖x‖₂ along `axis`.
std::vector<double> norms(const Array& x, int axis) {
  return sqrt(sum(square(astype(x, DType::float64)), axis)).to_vector<double>();
}

// The numbers of the `count` largest, in ascending order; of equals the first.
std::vector<int64_t> largest(const std::vector<double>& scores, int64_t count) {
  std::vector<int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
  });
  order.resize(static_cast<std::size_t>(count));
  std::sort(order.begin(), order.end());
  return order;
}

int64_t left_of(int64_t count, double share) {
  return std::max<int64_t>(1, count - std::llround(share * static_cast<double>(count)));
}

// Removes the least units of each hidden layer: of each member its own, but equally many.
nn::Sequential remove_units(const nn::Sequential& network, std::vector<Parameters>& members,
                            double share) {
  json architecture = json::parse(network.to_json());
  json& layers = architecture.at("layers");
  const std::vector<Dense> dense = dense_layers(layers);
  for (std::size_t k = 0; k + 1 < dense.size(); ++k) {
    json& units = layers[dense[k].layer].at("units");
    const int64_t left = left_of(units.get<int64_t>(), share);
    for (Parameters& p : members) {
      std::vector<double> scores = norms(p[dense[k].weight], 0);
      const std::vector<double> onward = norms(p[dense[k + 1].weight], 1);
      for (std::size_t j = 0; j < scores.size(); ++j) scores[j] *= onward[j];
      const Array kept = array(largest(scores, left), {left});
      p[dense[k].weight] = take(p[dense[k].weight], kept, 1);
      p[dense[k].bias] = take(p[dense[k].bias], kept, 0);
      p[dense[k + 1].weight] = take(p[dense[k + 1].weight], kept, 0);
    }
    units = left;
  }
  return nn::Sequential::from_json(architecture.dump());
}

void round_weights(const nn::Sequential& network, std::vector<Parameters>& members) {
  for (const Dense& d : dense_layers(json::parse(network.to_json()).at("layers")))
    for (Parameters& p : members) p[d.weight] = round_to_bfloat16(p[d.weight]);
}

// 1 for the weights of each dense layer that stay, 0 for the least; biases stay.
std::vector<Parameters> masks_of(const nn::Sequential& network,
                                 const std::vector<Parameters>& members, double share) {
  const std::vector<Dense> dense = dense_layers(json::parse(network.to_json()).at("layers"));
  std::vector<Parameters> masks;
  for (const Parameters& p : members) {
    Parameters& own = masks.emplace_back();
    for (const Array& value : p) own.push_back(ones(value.shape(), value.dtype()));
    for (const Dense& d : dense) {
      const Array& weight = p[d.weight];
      const std::vector<double> sizes = abs(astype(weight, DType::float64)).to_vector<double>();
      std::vector<float> mask(sizes.size());
      for (int64_t i : largest(sizes, left_of(weight.size(), share)))
        mask[static_cast<std::size_t>(i)] = 1;
      own[d.weight] = astype(array(mask, weight.shape()), weight.dtype());
    }
    eval(own);
  }
  return masks;
}

class Pruning {
 public:
  Pruning(const Model& model, const Table& table, const PruneOptions& options)
      : model_(model), table_(table), options_(options) {}

  PruneResult run() {
    validate(options_);
    split();
    const nn::Sequential& old = model_.network();
    std::vector<Parameters> members = parameters();
    nn::Sequential network = old;
    nn::FitOptions fit;
    if (options_.by == PruneBy::units) {
      network = remove_units(old, members, options_.share);
    } else {
      fit.masks = masks_of(old, members, options_.share);
      for (std::size_t k = 0; k < members.size(); ++k)
        for (std::size_t i = 0; i < members[k].size(); ++i)
          members[k][i] = members[k][i] * fit.masks[k][i];
    }
    for (const Parameters& member : members) eval(member);
    PruneResult result{model_of(network, members, {}), {}, score_of(model_), {}};
    if (options_.epochs > 0) result.fit = train(network, members, std::move(fit));
    if (options_.epochs > 0) {
      members.clear();
      for (const nn::EnsembleResult::Member& m : result.fit.members)
        members.push_back(m.parameters);
    }
    if (options_.bfloat16) round_weights(network, members);
    result.after = score_of(model_of(network, members, {}));
    // The networks may have learnt from these rows before, so no score of theirs is kept.
    result.model = model_of(network, members, {});
    return result;
  }

 private:
  void split() {
    target_ = read_target(table_, model_.target());
    const auto rows = static_cast<int64_t>(target_.rows.size());
    if (rows < 2)
      throw DataError(fmt::format("{}: {} rows with a target, at least 2 are needed to train and "
                                  "judge a pruned model",
                                  table_.source, rows),
                      table_.source);
    split_ = split_rows(rows, options_.validation, options_.seed, target_.classes);
  }

  // Of each member.
  std::vector<Parameters> parameters() const {
    const std::vector<Array>& all = model_.parameters();
    const std::size_t each = all.size() / static_cast<std::size_t>(model_.members());
    std::vector<Parameters> members;
    for (auto first = all.begin(); first != all.end(); first += static_cast<std::ptrdiff_t>(each))
      members.emplace_back(first, first + static_cast<std::ptrdiff_t>(each));
    return members;
  }

  std::vector<int64_t> table_rows(std::span<const int64_t> chosen) const {
    return pick(target_.rows, chosen);
  }

  nn::FitData data_of(std::span<const int64_t> chosen) const {
    return training_data(model_.preprocessor().transform(table_, table_rows(chosen)),
                         model_.target(), target_, chosen, model_.objective().class_weights);
  }

  nn::EnsembleResult train(const nn::Sequential& network, const std::vector<Parameters>& members,
                           nn::FitOptions fit) const {
    fit.loss = model_.objective().loss;
    fit.loss_options = model_.objective().options;
    fit.optimizer = options_.optimizer;
    fit.epochs = options_.epochs;
    fit.patience = options_.patience;
    fit.batch = options_.batch;
    fit.seed = options_.seed;
    fit.on_epoch = options_.on_epoch;
    fit.on_progress = options_.on_progress;
    fit.keep_going = options_.keep_going;
    const nn::FitData validation = data_of(split_.held_out);
    return nn::fit_ensemble(network, members, data_of(split_.train), &validation, fit);
  }

  Metrics score_of(const Model& model) const {
    const Table rows = table_.select_rows(table_rows(split_.held_out));
    return score(model.target(), model.predict(rows), values_at(target_.classes, split_.held_out),
                 values_at(target_.values, split_.held_out));
  }

  Model model_of(const nn::Sequential& network, const std::vector<Parameters>& members,
                 std::map<std::string, Metrics> metrics) const {
    std::vector<std::vector<nn::Parameter>> named;
    for (const Parameters& values : members) {
      named.emplace_back();
      for (const nn::ParameterShape& p : network.parameter_shapes())
        named.back().push_back({p.name, values[named.back().size()]});
    }
    return Model(std::make_shared<Model::Impl>(model_.target(), model_.objective(),
                                               model_.preprocessor(), network, std::move(named),
                                               std::move(metrics)));
  }

  const Model& model_;
  const Table& table_;
  const PruneOptions& options_;
  TargetValues target_;
  Split split_;
};

struct ByRow {
  PruneBy value;
  std::string_view name;
};
constexpr ByRow kBy[] = {{PruneBy::units, "units"}, {PruneBy::weights, "weights"}};

}  // namespace

std::string_view name(PruneBy by) { return row_of(kBy, by).name; }
PruneBy prune_by_from_name(std::string_view name) {
  return row_named(kBy, "way to prune", name).value;
}

PruneResult prune(const Model& model, const Table& table, const PruneOptions& options) {
  return Pruning(model, table, options).run();
}

}  // namespace lanewise
