// Numbers: the z-score; a piecewise-linear encoding (Gorishniy et al., On
// Embeddings for Numerical Features in Tabular Deep Learning, 2022, section 3.2),
// with greedy edges; one-hots of common values; an indicator of missing values.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/encoders.h"
#include "lanewise/error.h"

namespace lanewise {
namespace {

using nlohmann::json;

constexpr float kLowest = -3, kHighest = 4;  // where the first and last bin stop extrapolating
constexpr double kFarthest = 1e6;  // deviations from the mean that a network still tells apart

class NumericEncoder;

class BoundNumeric : public BoundEncoder {
 public:
  BoundNumeric(const NumericEncoder& encoder, bool is_text)
      : encoder_(encoder), is_text_(is_text) {}
  void write(double value, float* features) const override;

 private:
  const NumericEncoder& encoder_;
  const bool is_text_;  // then no row has a value
};

class NumericEncoder : public Encoder {
 public:
  double mean = 0, scale = 1;
  std::vector<double> edges;   // of the bins; none or at least two
  std::vector<double> common;  // sorted
  bool indicates_missing = false;

  using Encoder::Encoder;
  int64_t bins() const { return edges.empty() ? 0 : static_cast<int64_t>(edges.size()) - 1; }
  int64_t width() const override {
    return 1 + bins() + static_cast<int64_t>(common.size()) + (indicates_missing ? 1 : 0);
  }
  bool is_text() const override { return false; }

  std::unique_ptr<BoundEncoder> bind(const Column& c, const Table& table,
                                     std::span<const int64_t> rows) const override {
    if (c.is_text)
      for (int64_t row : rows)
        if (c.codes[static_cast<std::size_t>(row)] >= 0)
          throw DataError(
              fmt::format("{}: column '{}' was numeric in training, but row {} holds '{}'",
                          table.source, column(), table.first_row + row + 1, c.text(row)),
              table.source);
    return std::make_unique<BoundNumeric>(*this, c.is_text);
  }

  void write(double x, float* f) const {
    const bool missing = std::isnan(x);
    if (missing) x = mean;
    *f++ = static_cast<float>(std::clamp((x - mean) / scale, -kFarthest, kFarthest));
    write_bins(x, f);
    f += bins();
    if (!common.empty()) {
      std::fill(f, f + common.size(), 0.f);
      const auto at = std::lower_bound(common.begin(), common.end(), x);
      if (!missing && at != common.end() && *at == x) f[at - common.begin()] = 1;
    }
    if (indicates_missing) f[common.size()] = missing ? 1 : 0;
  }

  std::string describe() const override {
    return fmt::format("numeric: z-score{}{}{}", bins() ? fmt::format(", {} bins", bins()) : "",
                       common.empty() ? "" : fmt::format(", {} common values", common.size()),
                       indicates_missing ? ", missing indicator" : "");
  }
  json to_json() const override {
    return {{"kind", "numeric"},
            {"column", column()},
            {"mean", mean},
            {"scale", scale},
            {"edges", edges},
            {"common", common},
            {"indicates_missing", indicates_missing}};
  }

 private:
  // Component b is where x lies in bin b, 0 below and 1 above.
  void write_bins(double x, float* f) const {
    const int64_t last = bins() - 1;
    for (int64_t b = 0; b <= last; ++b) {
      const double width = edges[b + 1] - edges[b];
      const float at = static_cast<float>((x - edges[b]) / width);
      f[b] = std::clamp(at, b == 0 ? kLowest : 0.f, b == last ? kHighest : 1.f);
    }
  }
};

void BoundNumeric::write(double value, float* features) const {
  encoder_.write(is_text_ ? NAN : value, features);
}

struct Counted {
  double value;
  int64_t count;
};

std::vector<Counted> counted(std::span<const double> sorted) {
  std::vector<Counted> out;
  for (double x : sorted) {
    if (!out.empty() && out.back().value == x) ++out.back().count;
    else out.push_back({x, 1});
  }
  return out;
}

std::vector<double> common_values(std::vector<Counted> values, int64_t rows,
                                  const EncodingOptions& o) {
  std::erase_if(values, [&](const Counted& v) { return v.count < o.common_min_rows; });
  std::stable_sort(values.begin(), values.end(),
                   [](auto& a, auto& b) { return a.count > b.count; });
  values.resize(std::min<std::size_t>(values.size(), static_cast<std::size_t>(o.common_values)));
  int64_t covered = 0;
  std::vector<double> common;
  for (const Counted& v : values) {
    covered += v.count;
    common.push_back(v.value);
  }
  if (static_cast<double>(covered) <= o.common_coverage * static_cast<double>(rows)) return {};
  std::sort(common.begin(), common.end());
  return common;
}

// rows: of all values.
std::vector<double> edges_of(std::span<const Counted> values, int64_t rows, int64_t bins) {
  std::vector<double> edges;
  if (bins < 1 || values.size() < 2) return edges;
  if (values.size() <= static_cast<std::size_t>(bins) + 1) {
    for (const Counted& v : values) edges.push_back(v.value);
    return edges;
  }
  std::vector<bool> own(values.size());
  int64_t left = bins;
  for (bool changed = true; changed && left > 1;) {
    changed = false;
    const double share = static_cast<double>(rows) / static_cast<double>(left);
    for (std::size_t i = 0; i < values.size() && left > 1; ++i) {
      if (own[i] || static_cast<double>(values[i].count) < share) continue;
      own[i] = changed = true;
      edges.push_back(values[i].value);
      rows -= values[i].count;
      --left;
    }
  }
  std::vector<double> rest;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!own[i])
      rest.insert(rest.end(), static_cast<std::size_t>(values[i].count), values[i].value);
  for (int64_t i = 0; i <= left && !rest.empty(); ++i)
    edges.push_back(
        rest[static_cast<std::size_t>(i * (static_cast<int64_t>(rest.size()) - 1) / left)]);
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

}  // namespace

std::vector<double> greedy_edges(std::span<const double> sorted, int bins) {
  return edges_of(counted(sorted), static_cast<int64_t>(sorted.size()), bins);
}

EncoderPtr fit_numeric(const Column& column, std::span<const int64_t> rows,
                       const EncodingOptions& options, std::string* reason) {
  std::vector<double> values;
  values.reserve(rows.size());
  double sum = 0;
  for (int64_t row : rows)
    if (const double x = column.numbers[static_cast<std::size_t>(row)]; !std::isnan(x)) {
      values.push_back(x);
      sum += x;
    }
  const bool missing = values.size() < rows.size();
  if (values.empty()) return *reason = "every value is missing", nullptr;
  std::sort(values.begin(), values.end());
  if (values.front() == values.back() && !missing)
    return *reason = "one value in every training row", nullptr;
  auto encoder = std::make_shared<NumericEncoder>(column.name);
  encoder->mean = sum / static_cast<double>(values.size());
  double squares = 0;
  for (double x : values) squares += (x - encoder->mean) * (x - encoder->mean);
  encoder->scale = std::sqrt(squares / static_cast<double>(values.size()));
  if (!(encoder->scale > 0) || !std::isfinite(encoder->scale)) encoder->scale = 1;
  encoder->indicates_missing = missing;
  if (static_cast<int64_t>(rows.size()) < options.few_rows) return encoder;
  std::vector<Counted> counts = counted(values);
  if (counts.size() <= 2) return encoder;  // binary
  const int64_t full_bins = static_cast<int64_t>(rows.size()) / options.bin_rows;
  encoder->edges = edges_of(counts, static_cast<int64_t>(values.size()),
                            std::min<int64_t>(options.bins, full_bins));
  encoder->common = common_values(std::move(counts), static_cast<int64_t>(rows.size()), options);
  return encoder;
}

EncoderPtr numeric_from_json(const json& j) {
  auto e = std::make_shared<NumericEncoder>(j.at("column").get<std::string>());
  j.at("mean").get_to(e->mean);
  j.at("scale").get_to(e->scale);
  j.at("edges").get_to(e->edges);
  j.at("common").get_to(e->common);
  j.at("indicates_missing").get_to(e->indicates_missing);
  return e;
}

}  // namespace lanewise
