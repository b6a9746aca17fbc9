// Scaling, quantiles, neighbours and clusters, of a source or an array.
#include "lanewise/analysis.h"

#include <nanobind/stl/filesystem.h>

#include <filesystem>

#include "base/names.h"
#include "lanewise/file_streams.h"
#include "lanewise/ops.h"
#include "module.h"
#include "source.h"

namespace lanewise::python {
namespace {

struct NanRow {
  bool value;  // ignored
  std::string_view name;
};
constexpr NanRow kNan[] = {{false, "fail"}, {true, "ignore"}};

class Gather : public Sink {
 public:
  void push(std::span<const Array> samples) override { runs_.push_back(samples[0]); }
  void close() override {}
  Array all() const { return concatenate(runs_, 0); }

 private:
  std::vector<Array> runs_;
};

Scaler fit(nb::handle source, const std::string& method, const std::string& nan) {
  const ScalerOptions options{scaling_from_name(method), row_named(kNan, "nan", nan).value};
  return with_source(source, [&](Source& s) { return Scaler::fit(s, options); });
}

void apply(const Scaler& scaler, nb::handle source, const std::filesystem::path& path,
           nb::handle dtype) {
  const DType wanted = to_dtype(dtype);
  with_source(source, [&](Source& s) {
    NpySinkOptions layout;
    layout.fortran_order = s.sample_axis() == 1;
    layout.length = s.length();
    const auto sink = write_behind(npy_sink(path.string(), s.row_shapes()[0], wanted, layout));
    scaler.apply(s, *sink, wanted);
    sink->close();
  });
}

nb::tuple find_neighbors(nb::handle queries, nb::handle source, int64_t k,
                         const std::string& metric) {
  const Array asked = as_array(queries);
  const Neighbors found = with_source(
      source, [&](Source& s) { return neighbors(asked, s, k, metric_from_name(metric)); });
  return nb::make_tuple(found.scores, found.indices);
}

Clusters cluster(nb::handle source, int64_t clusters, int iterations, double tolerance,
                 uint32_t seed) {
  ClusterOptions options{clusters, iterations, tolerance, seed};
  options.before_centre = check_signals;
  return with_source(source, [&](Source& s) { return k_means(s, options); });
}

Array number_of_nearest(nb::handle centres, nb::handle source) {
  const Array known = as_array(centres);
  return with_source(source, [&](Source& s) {
    Gather numbers;
    nearest_centres(known, s, numbers);
    return numbers.all().eval();
  });
}

// As NumPy: the axes of q, then those of a sample.
Array quantiles_of(nb::handle source, nb::handle q) {
  const Array shares = as_array(q, numpy_dtype(DType::float64));
  return with_source(source, [&](Source& s) {
    Shape shape = shares.shape();
    const Shape row = s.row_shapes()[0];
    for (int64_t extent : row) shape.push_back(extent);
    return reshape(quantiles(s, shares.to_vector<double>()), shape);
  });
}

void bind_scaler(nb::module_& m) {
  nb::class_<Scaler>(m, "Scaler",
                     "The moments of each feature of samples, which scale them. Scaler.fit\n"
                     "measures them.")
      .def_static(
          "fit", &fit, "source"_a, "method"_a = "standard", "nan"_a = "fail",
          "The moments of a Source, or of the rows of an array: a pass over it, or a few.\n\n"
          "method: \"standard\", (x - mean) / standard deviation; \"minmax\", from 0 to 1;\n"
          "\"robust\", (x - median) / (third quartile - first quartile).\n"
          "nan: what values that are NaN or infinite are: \"fail\", an error; \"ignore\", left\n"
          "out of the moments, and passed on as they are.\n\n"
          "Errors: DataError naming the feature that has such a value, and the sample;\n"
          "ValueError for another method.")
      .def("apply", &apply, "source"_a, "path"_a, "dtype"_a = "float32",
           "Writes the samples of a Source, or the rows of an array, scaled: a .npy file\n"
           "(samples, ...) in the order in which they lie, float32 or float64. It appears when\n"
           "it is complete.\n\n"
           "Errors: ShapeError where the samples have other features; IoError.")
      .def_prop_ro("samples", &Scaler::samples)
      .def_prop_ro("centre", &Scaler::centre, "What becomes 0: the shape of a sample, float64.")
      .def_prop_ro("scale", &Scaler::scale,
                   "What becomes 1 from there: the shape of a sample, float64; 1 where a feature\n"
                   "is constant.")
      .def_prop_ro("left_out", &Scaler::left_out, "Values that weren't finite, int64.")
      .def("to_json", &Scaler::to_json)
      .def_static(
          "from_json",
          [](const std::string& json) { return Scaler::from_json(json, "Scaler.from_json"); },
          "json"_a, "The scaler that to_json gave.  Errors: DataError.");
}

}  // namespace

void bind_analysis(nb::module_& m) {
  bind_scaler(m);
  m.def("quantiles", &quantiles_of, "source"_a, "q"_a,
        "The quantiles q of each feature, exact: float64, the axes of q, then those of a\n"
        "sample. As numpy.nanquantile along the samples; infinite values are left out, too.\n\n"
        "Errors: ValueError for q outside [0, 1]; DataError for a feature without values.");
  m.def("neighbors", &find_neighbors, "queries"_a, "source"_a, "k"_a = 10, "metric"_a = "cosine",
        "The k nearest samples of each query, all of them compared: scores (queries, k) of\n"
        "the dtype of the queries or of the samples, whichever has more digits, the nearest\n"
        "first, and indices (queries, k), int64.\n\n"
        "queries: (queries, features), float32 or float64.\n"
        "metric: \"cosine\" or \"dot\", the largest is nearest; \"l2\", the smallest distance.\n\n"
        "Of equals the lower index is first; a sample with NaN comes last.\n"
        "Errors: ShapeError where features differ; ValueError where k is not in 1 ... samples,\n"
        "or for another metric; DTypeError for queries of whole numbers; DataError for a\n"
        "query with NaN.");
  nb::class_<Clusters>(m, "Clusters", "What k_means found.")
      .def_ro("centres", &Clusters::centres, "(clusters, features)")
      .def_ro("sizes", &Clusters::sizes, "(clusters,), int64: samples nearest to each.")
      .def_ro("inertia", &Clusters::inertia, "Sum of squared distances to the nearest centre.")
      .def_ro("iterations", &Clusters::iterations);
  m.def("k_means", &cluster, "source"_a, "clusters"_a = 8, "iterations"_a = 100,
        "tolerance"_a = 1e-4, "seed"_a = 0,
        "Clusters by Lloyd's iterations from centres that k-means++ chooses: a pass over the\n"
        "source for each, until the inertia falls by less than the share `tolerance`, or\n"
        "`iterations` of them. The centres are float32 for samples of float32, else float64.\n\n"
        "Errors: ValueError where clusters is not in 1 ... samples; DataError naming the\n"
        "first value that isn't finite.");
  m.def("nearest_centres", &number_of_nearest, "centres"_a, "source"_a,
        "The number of the nearest centre of each sample: (samples,), int64.");
}

}  // namespace lanewise::python
