#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "analysis/finite.h"
#include "base/names.h"
#include "lanewise/analysis.h"
#include "lanewise/error.h"
#include "lanewise/ops.h"
#include "lanewise/runtime.h"

namespace lanewise {
namespace {

struct ScalingRow {
  Scaling value;
  std::string_view name;
};
constexpr ScalingRow kScalings[] = {
    {Scaling::standard, "standard"}, {Scaling::minmax, "minmax"}, {Scaling::robust, "robust"}};

// The moments of one kind, of each feature: what becomes 0, and what becomes 1 from there.
struct Moments {
  Array centre, scale;
};

std::vector<Array> run(Source& source, const std::function<std::vector<Array>(const Array&)>& f) {
  const auto program = compile([&](const std::vector<Array>& a) { return f(in_float(a[0])); },
                               {{source.sample_axis()}});
  return program.stream(source);
}

// A feature whose values are all equal is its own centre, which the rounding of a mean could miss.
std::vector<Array> unless_constant(const Array& low, const Array& high, const Array& centre,
                                   const Array& scale) {
  const Array constant = low == high;
  return {where(constant, low, centre), where(constant, 0.0, scale)};
}

std::vector<Array> moments(Scaling scaling, const Array& x, int axis) {
  const Array low = min(x, axis), high = max(x, axis);
  if (scaling == Scaling::minmax) return {low, high - low};
  return unless_constant(low, high, mean(x, axis), std(x, axis));
}

// The same of the values that are finite.
std::vector<Array> finite_moments(Scaling scaling, const Array& x, int axis) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Array ok = finite(x);
  const Array low = min(where(ok, x, kInfinity), axis), high = max(where(ok, x, -kInfinity), axis);
  if (scaling == Scaling::minmax) return {low, high - low};
  const Array count = astype(sum(ok, axis, true), x.dtype());
  const Array centre = sum(where(ok, x, 0.0), axis, true) / count;
  const Array squares = sum(where(ok, square(x - centre), 0.0), axis, true);
  return unless_constant(low, high, squeeze(centre, axis), squeeze(sqrt(squares / count), axis));
}

bool all_finite(const std::vector<Array>& values) {
  for (const Array& a : values)
    if (all(finite(a)).item() == 0) return false;
  return true;
}

// How many values of each feature aren't finite.
Array count_not_finite(Source& source, bool ignore) {
  const NotFinite found = find_not_finite(source);
  const auto counts = found.counts.to_vector<int64_t>(), first = found.first.to_vector<int64_t>();
  for (std::size_t k = 0; k < counts.size(); ++k) {
    const std::string which = feature_name(found.counts, static_cast<int64_t>(k));
    if (counts[k] == source.length())
      throw DataError(
          fmt::format("{} has no finite value in {} samples; leave it out", which, counts[k]));
    if (counts[k] > 0 && !ignore)
      throw DataError(
          fmt::format("{} is NaN or infinite in {} of {} samples, first in sample {}; repair them, "
                      "or leave them "
                      "out of the moments and pass them on (ignore_not_finite; --nan ignore)",
                      which, counts[k], *source.length(), first[k]));
  }
  return found.counts;
}

// Whether the rounding of a mean is no longer small beside the deviation.
bool is_far_from_zero(const Moments& found) {
  constexpr double kLargest = 1e-4;  // of a deviation
  const double epsilon = found.scale.dtype() == DType::float32
                             ? std::numeric_limits<float>::epsilon()
                             : std::numeric_limits<double>::epsilon();
  const Array rounding = abs(found.centre) * epsilon;
  return any(logical_and(found.scale > 0.0, rounding > found.scale * kLargest)).item() != 0;
}

// Of values that are finite themselves.
void check_moments(const Moments& found) {
  const Array wrong = logical_not(logical_and(finite(found.centre), finite(found.scale)));
  if (any(wrong).item() == 0) return;
  const auto first = argmax(wrong).item<int64_t>();
  throw DataError(
      fmt::format("{} has values so large that their spread overflows {}; divide them, "
                  "or convert them to float64",
                  feature_name(wrong, first), name(found.scale.dtype())));
}

Moments robust_moments(Source& source) {
  const double quarters[] = {0.25, 0.5, 0.75};
  const Array q = quantiles(source, quarters);
  return {q[1], q[2] - q[0]};
}

}  // namespace

std::string_view name(Scaling scaling) { return row_of(kScalings, scaling).name; }
Scaling scaling_from_name(std::string_view name) {
  return row_named(kScalings, "scaling", name).value;
}

Scaler Scaler::fit(Source& source, const ScalerOptions& options) {
  const int axis = source.sample_axis();
  const Scaling scaling = options.scaling;
  Scaler fitted;
  fitted.options_ = options;
  Moments found;
  Array far(0.0);  // from where `found` is measured
  if (scaling == Scaling::robust) {
    fitted.left_out_ = count_not_finite(source, options.ignore_not_finite);
    found = robust_moments(source);
  } else {
    // Values that aren't finite show in the moments: nothing else needs to look for them.
    auto moments_of = moments;
    auto m = run(source, [&](const Array& x) { return moments_of(scaling, x, axis); });
    fitted.left_out_ = zeros(m[0].shape(), DType::int64);
    if (!all_finite(m)) {
      fitted.left_out_ = count_not_finite(source, options.ignore_not_finite);
      moments_of = finite_moments;
      m = run(source, [&](const Array& x) { return moments_of(scaling, x, axis); });
    }
    found = {m[0], m[1]};
    if (scaling == Scaling::standard && is_far_from_zero(found)) {
      far = found.centre;
      m = run(source, [&](const Array& x) {
        return moments_of(scaling, x - expand_dims(far, axis), axis);
      });
      found = {m[0], m[1]};
    }
  }
  check_moments(found);
  fitted.samples_ = *source.length();
  fitted.centre_ = astype(far, DType::float64) + astype(found.centre, DType::float64);
  fitted.scale_ = astype(where(found.scale > 0.0, found.scale, 1.0), DType::float64);
  eval(fitted.centre_, fitted.scale_);
  return fitted;
}

void Scaler::keep(std::span<const int64_t> features) {
  auto centre = centre_.to_vector<double>(), scale = scale_.to_vector<double>();
  for (int64_t feature : features) {
    if (feature < 0 || feature >= centre_.size())
      throw IndexError(fmt::format("feature {} can't be kept: there are {}, counted from 0",
                                   feature, centre_.size()));
    centre[static_cast<std::size_t>(feature)] = 0;
    scale[static_cast<std::size_t>(feature)] = 1;
  }
  const Shape shape = centre_.shape();
  centre_ = array(centre, shape);
  scale_ = array(scale, shape);
}

void Scaler::apply(Source& source, Sink& sink, DType dtype) const {
  if (!is_float(dtype))
    throw ValueError(
        fmt::format("scaled samples are float32 or float64, not {}", lanewise::name(dtype)));
  const Shape row = source.row_shapes()[0];
  if (!(row == centre_.shape()))
    throw ShapeError(fmt::format("samples of shape {} met moments of shape {}", to_string(row),
                                 to_string(centre_.shape())),
                     {"Scaler",
                      {row, centre_.shape()},
                      -1,
                      0,
                      0,
                      "scale samples that have the features of those that were measured"});
  const int axis = source.sample_axis();
  const auto rounded = [](const Array& centre, DType to) {
    return astype(astype(centre, to), DType::float64);
  };
  const bool is_rounded = all(centre_ == rounded(centre_, DType::float32)).item() != 0;
  const auto program = compile(
      [&](const std::vector<Array>& a) {
        const Array x = in_float(a[0]);
        const auto feature = [&](const Array& moment) {
          return expand_dims(astype(moment, x.dtype()), axis);
        };
        Array centred = x - feature(a[1]);
        if (!is_rounded) centred = centred - feature(a[1] - rounded(a[1], x.dtype()));
        return std::vector<Array>{astype(centred / feature(a[2]), dtype)};
      },
      {{axis, -1, -1}});
  Sink* const to = &sink;
  program.stream(source, {centre_, scale_}, {&to, 1});
}

std::string Scaler::to_json() const {
  nlohmann::ordered_json json;
  json["format"] = "lanewise scaler";
  json["version"] = 1;
  json["scaling"] = lanewise::name(options_.scaling);
  json["ignore_not_finite"] = options_.ignore_not_finite;
  json["samples"] = samples_;
  json["shape"] = std::vector<int64_t>(centre_.shape().begin(), centre_.shape().end());
  json["centre"] = centre_.to_vector<double>();
  json["scale"] = scale_.to_vector<double>();
  json["left_out"] = left_out_.to_vector<int64_t>();
  return json.dump(1) + "\n";
}

Scaler Scaler::from_json(const std::string& text, const std::string& source) {
  try {
    const auto json = nlohmann::json::parse(text);
    if (json.at("format") != "lanewise scaler" || json.at("version") != 1)
      throw DataError(fmt::format("{}: not moments that this version can read", source), source);
    Scaler read;
    read.options_.scaling = scaling_from_name(json.at("scaling").get<std::string>());
    read.options_.ignore_not_finite = json.at("ignore_not_finite");
    read.samples_ = json.at("samples");
    Shape shape;
    for (int64_t extent : json.at("shape")) shape.push_back(extent);
    const auto values = [&]<class T>(const char* key, std::type_identity<T>) {
      return array(json.at(key).get<std::vector<T>>(), shape);
    };
    read.centre_ = values("centre", std::type_identity<double>{});
    read.scale_ = values("scale", std::type_identity<double>{});
    read.left_out_ = values("left_out", std::type_identity<int64_t>{});
    return read;
  } catch (const DataError&) {
    throw;
  } catch (const std::exception& e) {
    throw DataError(fmt::format("{}: damaged moments: {}", source, e.what()), source);
  }
}

}  // namespace lanewise
