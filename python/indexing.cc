// a[key] as NumPy understands it. Positions, ranges, None and Ellipsis are the
// basic indexing of Array. Integer arrays (and masks, which are the integer
// arrays of their nonzero elements) become one take: the axes that they index
// are brought together, merged, and taken from by a flat index.
#include <algorithm>
#include <string>
#include <vector>

#include "convert.h"
#include "lanewise/error.h"
#include "lanewise/ops.h"

namespace lanewise::python {
namespace {

struct Item {
  enum class Kind { basic, array, ellipsis };
  Kind kind = Kind::basic;
  Index index = slice();
  Array array = Array();
  int axes = 1;                                       // of the indexed array that the item consumes
  std::optional<int64_t> mask_extent = std::nullopt;  // of the mask that the item came from
  bool after_ellipsis = false;
};
using Kind = Item::Kind;

std::optional<int64_t> slice_part(nb::handle part) {
  if (part.is_none()) return std::nullopt;
  const nb::object index = nb::steal(PyNumber_Index(part.ptr()));
  if (!index.is_valid()) throw nb::python_error();
  return PyNumber_AsSsize_t(index.ptr(), nullptr);  // clipped, as ranges are
}

Item range_item(nb::handle key) {
  const auto step = slice_part(key.attr("step"));
  return {Kind::basic,
          slice(slice_part(key.attr("start")), slice_part(key.attr("stop")), step.value_or(1))};
}

// An Array stays one, as it may be pending or traced.
bool is_position(nb::handle key) { return !is_array(key) && is_integer_number(key); }

bool is_mask(const Array& a) { return is_bool(a.dtype()); }

void add_mask(std::vector<Item>& items, const Array& mask) {
  const nb::object found = to_numpy(mask).attr("nonzero")();
  int axis = 0;
  for (nb::handle positions : found)
    items.push_back({Kind::array, slice(), copy_of(positions), 1, mask.shape(axis++)});
}

void add_array(std::vector<Item>& items, nb::handle key) {
  Array array = to_array(key);
  if (is_mask(array)) {
    if (array.rank() == 0) throw IndexError("a bool is no index; use lanewise.where");
    return add_mask(items, array);
  }
  if (array.size() == 0 && !is_array(key)) array = array.astype(DType::int64);
  if (!is_integer(array.dtype()))
    throw IndexError(
        "an index is an integer, a range, None, ..., or an array of integers or "
        "bools, not " +
        std::string(name(array.dtype())));
  items.push_back({Kind::array, slice(), array.astype(DType::int64), 1});
}

void add_item(std::vector<Item>& items, nb::handle key) {
  if (key.is_none()) {
    items.push_back({Kind::basic, new_axis(), {}, 0});
  } else if (key.is(Py_Ellipsis)) {
    items.push_back({Kind::ellipsis, slice(), {}, 0});
  } else if (nb::isinstance<nb::slice>(key)) {
    items.push_back(range_item(key));
  } else if (is_position(key)) {
    items.push_back({Kind::basic, Index(to_int(key))});
  } else {
    add_array(items, key);
  }
}

int consumed_by(const std::vector<Item>& items) {
  int consumed = 0;
  for (const Item& item : items) consumed += item.axes;
  return consumed;
}

// The items of a key, Ellipsis replaced by whole ranges.
std::vector<Item> parse(nb::handle key, int rank) {
  std::vector<Item> items;
  if (nb::isinstance<nb::tuple>(key)) {
    for (nb::handle part : key) add_item(items, part);
  } else {
    add_item(items, key);
  }
  const auto is_ellipsis = [](const Item& item) { return item.kind == Kind::ellipsis; };
  const auto at = std::find_if(items.begin(), items.end(), is_ellipsis);
  if (at == items.end()) return items;
  if (std::find_if(at + 1, items.end(), is_ellipsis) != items.end())
    throw IndexError("an index has at most one ellipsis (...)");
  const int consumed = consumed_by(items);
  const auto place = items.erase(at) - items.begin();
  if (place < std::ssize(items)) items[place].after_ellipsis = true;
  items.insert(items.begin() + place, std::max(0, rank - consumed), Item{});
  return items;
}

bool any_array(const std::vector<Item>& items) {
  return std::any_of(items.begin(), items.end(),
                     [](const Item& item) { return item.kind == Kind::array; });
}

std::vector<Index> basic_part(const std::vector<Item>& items) {
  std::vector<Index> index;
  for (const Item& item : items) index.push_back(item.index);
  return index;
}

// Beside an integer array a position is an array of rank 0.
void positions_to_arrays(std::vector<Item>& items) {
  for (Item& item : items) {
    if (item.kind != Kind::basic || item.index.kind() != Index::Kind::position) continue;
    item.kind = Kind::array;
    item.array = full({}, 0, DType::int64) + Array(*item.index.start());
    item.index = slice();
  }
}

// For an assignment, which needs the values.
void rank_zero_to_positions(std::vector<Item>& items) {
  for (Item& item : items) {
    if (item.kind != Kind::array || item.array.rank() > 0) continue;
    item.kind = Kind::basic;
    item.index = Index(to_int(to_numpy(item.array).attr("item")()));
  }
}

struct Gather {
  std::vector<Array> arrays;
  Dims axes;           // where they index, after the basic part was applied
  bool apart = false;  // a range, a new axis or an ellipsis stands between them
};

Gather gather_of(const std::vector<Item>& items) {
  Gather gather;
  int last = -1;
  for (int i = 0; i < static_cast<int>(items.size()); ++i) {
    if (items[i].kind != Kind::array) continue;
    gather.apart |= last >= 0 && (i != last + 1 || items[i].after_ellipsis);
    gather.arrays.push_back(items[i].array);
    gather.axes.push_back(i);
    last = i;
  }
  return gather;
}

// One index into the merged axes. An index out of range stays so: it points behind the end.
Array flat_index(const std::vector<Array>& arrays, const Dims& extents) {
  const Array total(element_count(extents));
  Array flat(int64_t{0}), outside(false);
  for (int k = 0; k < extents.rank(); ++k) {
    const Array& index = arrays[k];
    const Array extent(extents[k]);
    outside = logical_or(outside, logical_or(index < -extent, index >= extent));
    flat = flat * extent + where(index < Array(int64_t{0}), index + extent, index);
  }
  return where(outside, total, flat).astype(DType::int64);
}

Array take_merged(const Array& a, const Gather& gather) {
  const int count = gather.axes.rank();
  const int place = gather.apart ? 0 : static_cast<int>(gather.axes[0]);
  Dims order, extents, merged;
  for (int axis = 0; axis < a.rank(); ++axis)
    if (!gather.axes.contains(axis)) order.push_back(axis);
  for (int k = 0; k < count; ++k) {
    order.insert(place + k, gather.axes[k]);
    extents.push_back(a.shape(static_cast<int>(gather.axes[k])));
  }
  for (int64_t axis : order) merged.push_back(a.shape(static_cast<int>(axis)));
  for (int k = 1; k < count; ++k) merged.erase(place + 1);
  merged[place] = element_count(extents);
  return take(reshape(transpose(a, order), merged), flat_index(gather.arrays, extents), place);
}

void check_count(const Array& a, int consumed) {
  if (consumed > a.rank())
    throw IndexError("too many indices: " + std::to_string(consumed) + " for shape " +
                     to_string(a.shape()));
}

void check_mask_extent(int64_t extent, const Array& a, int axis) {
  if (extent == a.shape(axis)) return;
  throw IndexError("a mask with extent " + std::to_string(extent) + " does not match axis " +
                   std::to_string(axis) + " of shape " + to_string(a.shape()) + " with extent " +
                   std::to_string(a.shape(axis)) + "; make it from an array of that shape");
}

void check_masks(const Array& a, const std::vector<Item>& items) {
  int axis = 0;
  for (const Item& item : items) {
    if (item.mask_extent) check_mask_extent(*item.mask_extent, a, axis);
    axis += item.axes;
  }
}

// a[mask] = value for a mask over the leading axes and a single value.
Array assign_masked(const Array& a, Array mask, const Array& value) {
  Shape shape = mask.shape();
  check_count(a, shape.rank());
  for (int axis = 0; axis < shape.rank(); ++axis) check_mask_extent(shape[axis], a, axis);
  if (value.size() != 1)
    throw ValueError("assigning " + std::to_string(value.size()) +
                     " values through a mask is not supported; use lanewise.where(mask, values, "
                     "a) with values of the shape of a");
  while (shape.rank() < a.rank()) shape.push_back(1);
  return where(mask.reshape(shape), value.reshape({}).astype(a.dtype()), a);
}

bool is_float_number(nb::handle value) {
  return PyFloat_Check(value.ptr()) ||
         nb::isinstance(value, nb::module_::import_("numpy").attr("floating"));
}

// What int() makes of a float: NaN and infinity are no integers, Python says.
nb::object integer_of(nb::handle value) {
  const nb::object integer = nb::steal(PyNumber_Long(value.ptr()));
  if (!integer.is_valid()) throw nb::python_error();
  return integer;
}

// What to assign to elements of `a`.
Array value_for(const Array& a, nb::handle value) {
  const bool converts = is_integer(a.dtype()) && is_float_number(value);
  const nb::object given = converts ? integer_of(value) : nb::borrow(value);
  if (!beyond_int64(given)) return to_array(given);
  if (is_float(a.dtype())) return large_as_float(given);
  refuse_large("assignment", given);
}

Array without_leading_ones(const Array& value, int rank) {
  Shape shape = value.shape();
  while (shape.rank() > rank && shape[0] == 1) shape.erase(0);
  return value.reshape(shape);
}

}  // namespace

Array get_item(const Array& a, nb::handle key) {
  std::vector<Item> items = parse(key, a.rank());
  check_count(a, consumed_by(items));
  check_masks(a, items);
  if (!any_array(items)) return a.at(basic_part(items));
  positions_to_arrays(items);
  const Gather gather = gather_of(items);
  const Array base = a.at(basic_part(items));
  if (gather.arrays.size() == 1)
    return take(base, gather.arrays[0], static_cast<int>(gather.axes[0]));
  return take_merged(base, gather);
}

void set_item(Array& a, nb::handle key, nb::handle value) {
  const Array given = value_for(a, value);
  const bool may_be_mask = nb::isinstance<nb::list>(key) || nb::hasattr(key, "__array__");
  if (may_be_mask) {
    const Array mask = to_array(key);
    if (is_mask(mask)) {
      a = assign_masked(a, mask, given);
      return;
    }
  }
  std::vector<Item> items = parse(key, a.rank());
  check_count(a, consumed_by(items));
  rank_zero_to_positions(items);
  if (any_array(items))
    throw ValueError("assigning through integer arrays is not supported; use lanewise.where");
  const std::vector<Index> index = basic_part(items);
  a.assign(index, without_leading_ones(given, a.at(index).rank()));
}

}  // namespace lanewise::python
