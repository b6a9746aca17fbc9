// Features that become several: categories by tables, numbers by bins or waves.
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numbers>
#include <set>

#include "base/names.h"
#include "lanewise/layers.h"
#include "lanewise/ops.h"
#include "nn/layer_checks.h"
#include "nn/layout.h"

namespace lanewise::nn {
namespace {

using nlohmann::json;

Array features_at(const Array& X, const std::vector<int64_t>& numbers, Layout layout) {
  return take(X, array(numbers, {static_cast<int64_t>(numbers.size())}), feature_axis(layout));
}

class Embedding : public Layer {
 public:
  explicit Embedding(std::vector<EmbeddedColumn> columns) : columns_(std::move(columns)) {
    if (columns_.empty()) throw ValueError("embedding: there are no columns to embed");
    for (const EmbeddedColumn& c : columns_) {
      check_width("embedding", "categories", c.categories);
      check_width("embedding", "width", c.width);
      if (c.column < 0 || !numbers_.insert(c.column).second)
        throw ValueError(fmt::format("embedding: column {} is negative or named twice", c.column));
    }
  }

  std::string describe() const override {
    std::vector<std::string> tables;
    for (const EmbeddedColumn& c : columns_)
      tables.push_back(fmt::format("{} × {}", c.categories, c.width));
    return fmt::format("Embedding({})", fmt::join(tables, ", "));
  }

  int64_t outputs(int64_t inputs) const override {
    if (*numbers_.rbegin() >= inputs)
      throw ValueError(fmt::format("embedding: column {} of {} features; they count from 0",
                                   *numbers_.rbegin(), inputs));
    for (const EmbeddedColumn& c : columns_) inputs += c.width - 1;
    check_width("embedding", "outputs", inputs);
    return inputs;
  }

  std::vector<ParameterShape> parameter_shapes(int64_t, Layout layout) const override {
    std::vector<ParameterShape> shapes;
    for (const EmbeddedColumn& c : columns_)
      shapes.push_back({fmt::format("table_{}", c.column), layout == Layout::rows
                                                               ? Shape{c.categories, c.width}
                                                               : Shape{c.width, c.categories}});
    return shapes;
  }

  std::vector<Parameter> init(int64_t inputs, Layout layout, Init, Generator& generator,
                              DType dtype) const override {
    std::vector<Parameter> parameters;
    for (const ParameterShape& p : parameter_shapes(inputs, layout)) {
      const double scale = 1 / std::sqrt(static_cast<double>(p.shape[layout == Layout::rows]));
      const Array values = (2 * generator.rand(p.shape) - 1) * scale;
      parameters.push_back({p.name, astype(values, dtype).eval()});
    }
    return parameters;
  }

  Array apply(std::span<Array> parameters, const Array& X, Context& context) const override {
    const int axis = feature_axis(context.layout);
    std::vector<Array> parts;
    const std::vector<int64_t> others = others_of(X.shape(axis));
    if (!others.empty()) parts.push_back(features_at(X, others, context.layout));
    for (std::size_t i = 0; i < columns_.size(); ++i)
      parts.push_back(take(parameters[i], category(X, columns_[i], context.layout),
                           sample_axis(context.layout)));
    return concatenate(parts, axis);
  }

  std::string to_json() const override {
    json columns = json::array();
    for (const EmbeddedColumn& c : columns_)
      columns.push_back({{"column", c.column}, {"categories", c.categories}, {"width", c.width}});
    return json{{"type", "embedding"}, {"columns", columns}}.dump();
  }

 private:
  std::vector<int64_t> others_of(int64_t features) const {
    std::vector<int64_t> others;
    for (int64_t k = 0; k < features; ++k)
      if (!numbers_.contains(k)) others.push_back(k);
    return others;
  }

  // The number of each sample's category. Take would count negative ones from the back and NaN is
  // no number, so both get one that no table has.
  static Array category(const Array& X, const EmbeddedColumn& c, Layout layout) {
    const Array x = layout == Layout::rows ? X[{slice(), c.column}] : X[c.column];
    return where(x >= 0, astype(x, DType::int64), -(c.categories + 1));
  }

  std::vector<EmbeddedColumn> columns_;
  std::set<int64_t> numbers_;
};

// Every bin is a line through 0 and 1 at its edges, clipped there unless it is an outer one.
class PiecewiseLinear : public Layer {
 public:
  explicit PiecewiseLinear(std::vector<std::vector<double>> edges) : edges_(std::move(edges)) {
    for (std::size_t k = 0; k < edges_.size(); ++k) {
      check(edges_[k], k);
      for (std::size_t t = 1; t < edges_[k].size(); ++t) add_bin(static_cast<int64_t>(k), t);
    }
    check_width("piecewise_linear", "bins", bins());
  }

  std::string describe() const override {
    return fmt::format("PiecewiseLinear({} features, {} bins)", edges_.size(), bins());
  }

  int64_t outputs(int64_t inputs) const override {
    if (inputs != static_cast<int64_t>(edges_.size()))
      throw ValueError(fmt::format("piecewise_linear: edges of {} features, but {} come in",
                                   edges_.size(), inputs));
    return bins();
  }

  Array apply(std::span<Array>, const Array& X, Context& context) const override {
    const auto bounds = [&](const std::vector<double>& values) {
      return astype(array(values, feature_shape(bins(), context.layout)), X.dtype());
    };
    const Array x = features_at(X, feature_, context.layout);
    return clip((x - bounds(start_)) / bounds(width_), bounds(low_), bounds(high_));
  }

  std::string to_json() const override {
    return json{{"type", "piecewise_linear"}, {"edges", edges_}}.dump();
  }

 private:
  static void check(const std::vector<double>& edges, std::size_t feature) {
    bool ascending = edges.size() >= 2 && std::isfinite(edges.front());
    for (std::size_t t = 1; ascending && t < edges.size(); ++t)
      ascending = edges[t] > edges[t - 1] && std::isfinite(edges[t]);
    if (!ascending)
      throw ValueError(fmt::format(
          "piecewise_linear: feature {} needs 2 or more edges, finite and ascending", feature));
  }

  int64_t bins() const { return static_cast<int64_t>(feature_.size()); }

  // Bin t of feature k, from edge t − 1 to edge t.
  void add_bin(int64_t k, std::size_t t) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const std::vector<double>& edges = edges_[static_cast<std::size_t>(k)];
    feature_.push_back(k);
    start_.push_back(edges[t - 1]);
    width_.push_back(edges[t] - edges[t - 1]);
    low_.push_back(t == 1 ? -kInfinity : 0);
    high_.push_back(t + 1 == edges.size() ? kInfinity : 1);
  }

  std::vector<std::vector<double>> edges_;
  std::vector<int64_t> feature_;
  std::vector<double> start_, width_, low_, high_;
};

class Periodic : public Layer {
 public:
  Periodic(int64_t frequencies, double sigma) : frequencies_(frequencies), sigma_(sigma) {
    check_width("periodic", "frequencies", frequencies);
    if (!(sigma > 0 && std::isfinite(sigma)))
      throw ValueError(fmt::format("periodic: sigma is {}, expected a number > 0", sigma));
  }

  std::string describe() const override { return fmt::format("Periodic({})", frequencies_); }

  int64_t outputs(int64_t inputs) const override {
    const int64_t outputs = inputs * 2 * frequencies_;
    check_width("periodic", "outputs", outputs);
    return outputs;
  }

  std::vector<ParameterShape> parameter_shapes(int64_t inputs, Layout) const override {
    return {{"frequency", {inputs, frequencies_}}};
  }

  std::vector<Parameter> init(int64_t inputs, Layout, Init, Generator& generator,
                              DType dtype) const override {
    const Array values = generator.randn({inputs, frequencies_}) * sigma_;
    return {{"frequency", astype(values, dtype).eval()}};
  }

  Array apply(std::span<Array> parameters, const Array& X, Context& context) const override {
    const Array turns = 2 * std::numbers::pi * parameters[0];
    const int64_t n = turns.shape(0), m = X.shape(sample_axis(context.layout));
    if (context.layout == Layout::rows) {
      const Array v = reshape(X, {m, n, 1}) * turns;
      return reshape(concatenate({sin(v), cos(v)}, 2), {m, n * 2 * frequencies_});
    }
    const Array v = reshape(turns, {n, frequencies_, 1}) * reshape(X, {n, 1, m});
    return reshape(concatenate({sin(v), cos(v)}, 1), {n * 2 * frequencies_, m});
  }

  std::string to_json() const override {
    return json{{"type", "periodic"}, {"frequencies", frequencies_}, {"sigma", sigma_}}.dump();
  }

 private:
  int64_t frequencies_;
  double sigma_;
};

}  // namespace

LayerPtr embedding(std::vector<EmbeddedColumn> columns) {
  return std::make_shared<Embedding>(std::move(columns));
}
LayerPtr piecewise_linear(std::vector<std::vector<double>> edges) {
  return std::make_shared<PiecewiseLinear>(std::move(edges));
}
LayerPtr periodic(int64_t frequencies, double sigma) {
  return std::make_shared<Periodic>(frequencies, sigma);
}

}  // namespace lanewise::nn
