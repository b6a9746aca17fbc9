// Sources: samples in order, from files and arrays.
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <filesystem>

#include "lanewise/data.h"
#include "module.h"
#include "source.h"

namespace lanewise::python {

void check_signals() {
  const GilHeld gil;
  if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

std::vector<Array> HeldSource::pull(int64_t count) {
  check_signals();
  return source_->pull(count);
}

std::unique_ptr<HeldSource> rows_of(std::vector<Array> arrays) {
  return without_gil([&] {
    eval(arrays);
    return std::make_unique<HeldSource>(array_source(std::move(arrays)));
  });
}

namespace {

std::unique_ptr<HeldSource> open(const std::filesystem::path& path, nb::handle dtype,
                                 bool features_first, bool direct) {
  SourceOptions options;
  options.npy = {to_optional_dtype(dtype), features_first, direct};
  return without_gil([&] {
    return std::make_unique<HeldSource>(read_ahead(open_source(path.string(), options)));
  });
}

std::unique_ptr<HeldSource> source_of(nb::handle arrays) {
  if (!nb::isinstance<nb::list>(arrays) && !nb::isinstance<nb::tuple>(arrays))
    return rows_of({as_array(arrays)});
  std::vector<Array> all;
  for (nb::handle array : arrays) all.push_back(as_array(array));
  return rows_of(std::move(all));
}

nb::list shapes_of(const HeldSource& source) {
  nb::list shapes;
  for (const Shape& shape : source.row_shapes()) shapes.append(tuple_of(shape));
  return shapes;
}

nb::list dtypes_of(const HeldSource& source) {
  nb::list dtypes;
  for (DType dtype : source.dtypes()) dtypes.append(numpy_dtype(dtype));
  return dtypes;
}

std::vector<Array> pull(HeldSource& source, int64_t count) {
  if (count < 0)
    throw ValueError("pull: count is " + std::to_string(count) + ", expected 0 or more");
  return source.run([&](Source& s) { return s.pull(count); });
}

}  // namespace

void bind_streams(nb::module_& m) {
  nb::class_<HeldSource>(
      m, "Source",
      "Samples in order, a run at a time, from files larger than memory or from arrays:\n"
      "open_source and array_source make one. What runs on a source reads it from its\n"
      "start and leaves it anywhere; one thread at a time does, else ValueError.")
      .def_prop_ro("samples", &HeldSource::length, "Samples in all.")
      .def_prop_ro("row_shapes", &shapes_of, "The shape of one sample, per array.")
      .def_prop_ro("dtypes", &dtypes_of, "The dtype of each array.")
      .def_prop_ro("sample_axis", &HeldSource::sample_axis,
                   "Which axis of the arrays runs along the samples: 0, as rows; 1, as columns,\n"
                   "where a file has a feature's samples together.")
      .def("pull", &pull, "count"_a,
           "The next samples, at most `count`, as a list of arrays: (count, ...), or\n"
           "(features, count) where sample_axis is 1. Fewer only at the end; none at the end.\n"
           "Errors: IoError; DataError where a file ends too early.")
      .def(
          "reset", [](HeldSource& source) { source.run([](Source& s) { s.reset(); }); },
          "Back to the first sample.");
  m.def("open_source", &open, "path"_a, nb::kw_only(), "dtype"_a = nb::none(),
        "features_first"_a = false, "direct"_a = false,
        "A Source of a file of samples, by its name: X.npy in C or Fortran order, a pattern\n"
        "such as part-*.npy (several as one), ARCHIVE.npz:ARRAY, and whatever else CSV: its\n"
        "columns of numbers, float32 unless `dtype` says otherwise. A thread reads ahead.\n\n"
        "dtype: float32 or float64, to which values are converted; None: that of the file.\n"
        "features_first: an array of the file is (features, samples).\n"
        "direct: past the page cache, where the file system can.\n\n"
        "Errors: IoError; DataError for damage, or files that don't agree; ValueError for\n"
        "another dtype.");
  m.def("array_source", &source_of, "arrays"_a,
        "A Source of the rows of an array, or of a list of arrays with as many rows each.\n"
        "The memory of a numpy.ndarray is shared, as by asarray.\n\n"
        "Errors: ShapeError where the numbers of rows differ; ValueError for a scalar.");
}

}  // namespace lanewise::python
