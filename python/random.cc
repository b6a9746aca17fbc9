// lanewise.random: the legacy stream of numpy.random, to the bit.
#include "lanewise/random.h"

#include "convert.h"
#include "module.h"

namespace lanewise::python {
namespace {

// rand(2, 3): the extents are arguments.
Shape extents(nb::args shape) { return to_shape(nb::object(shape)); }
Shape size_shape(nb::handle size) { return size.is_none() ? Shape() : to_shape(size); }

Array rand(Generator& g, nb::args shape) { return g.rand(extents(shape)); }
Array randn(Generator& g, nb::args shape) { return g.randn(extents(shape)); }

// randint(high) and randint(low, high), as in NumPy.
Array randint(Generator& g, int64_t low, nb::handle high, nb::handle size) {
  const Shape shape = size_shape(size);
  return high.is_none() ? g.randint(0, low, shape) : g.randint(low, to_int(high), shape);
}

Array permutation(Generator& g, nb::handle x) {
  if (is_integer_number(x)) return g.permutation(to_int(x));
  return g.permutation(to_array(x));
}

void shuffle(Generator& g, Array& x) { g.shuffle(x); }

void bind_generator(nb::module_& m) {
  nb::class_<Generator>(m, "Generator", "As numpy.random.RandomState(seed).")
      .def(nb::init<uint32_t>(), "seed"_a = 0)
      .def("rand", &rand)
      .def("randn", &randn)
      .def("randint", &randint, "low"_a, "high"_a = nb::none(), "size"_a = nb::none())
      .def("permutation", &permutation, "x"_a)
      .def("shuffle", &shuffle, "x"_a);
}

}  // namespace

void bind_random(nb::module_& parent) {
  nb::module_ m = parent.def_submodule("_random", "The legacy stream of numpy.random.");
  bind_generator(m);
  m.def("seed", &random::seed, "seed"_a);
  m.def("rand", [](nb::args shape) { return rand(random::global(), shape); });
  m.def("randn", [](nb::args shape) { return randn(random::global(), shape); });
  m.def(
      "randint",
      [](int64_t low, nb::handle high, nb::handle size) {
        return randint(random::global(), low, high, size);
      },
      "low"_a, "high"_a = nb::none(), "size"_a = nb::none());
  m.def(
      "permutation", [](nb::handle x) { return permutation(random::global(), x); }, "x"_a);
  m.def(
      "shuffle", [](Array& x) { shuffle(random::global(), x); }, "x"_a,
      "Gives this array its rows in another order.");
}

}  // namespace lanewise::python
