// take and scatter_add as loops over (table, index, out), see indexed.h. A run with
// one index copies a row; a run over indices gathers.
#include <cstring>

#include "kernels/elementwise/operators.h"
#include "kernels/loop_nest.h"
#include "kernels/movement/indexed.h"
#include "kernels/movement/movement.h"

namespace lanewise::kernels::fast {
namespace {

constexpr int64_t kGrain = 16 << 10;  // elements worth a thread

// T: an unsigned type of the elements' size.
template <class T>
void take_run(const T* table, const int64_t* index, T* out, const int64_t* s, int64_t step,
              int64_t count) {
  if (s[1] == 0) {
    table += *index * step;
    if (s[0] == 1 && s[2] == 1) {
      std::memcpy(out, table, static_cast<std::size_t>(count) * sizeof(T));
      return;
    }
    for (int64_t i = 0; i < count; ++i) out[i * s[2]] = table[i * s[0]];
  } else {
    for (int64_t i = 0; i < count; ++i) out[i * s[2]] = table[i * s[0] + index[i * s[1]] * step];
  }
}

template <class T>
void take_as(const Indexed& at, const View& out) {
  const LoopNest<3> nest({at.table, at.indices, out});
  nest.run_parallel(kGrain, [&](std::byte* const* data, const int64_t* s, int64_t count) {
    take_run(reinterpret_cast<const T*>(data[0]), reinterpret_cast<const int64_t*>(data[1]),
             reinterpret_cast<T*>(data[2]), s, at.step, count);
  });
}

template <class T>
void add_run(const T* update, const int64_t* index, T* table, const int64_t* s, int64_t step,
             int64_t count) {
  if (s[1] == 0) {
    table += *index * step;
    if (s[0] == 1 && s[2] == 1) {
      for (int64_t i = 0; i < count; ++i) table[i] = Add{}(table[i], update[i]);
      return;
    }
  }
  for (int64_t i = 0; i < count; ++i) {
    T* sum = table + i * s[2] + (s[1] == 0 ? 0 : index[i * s[1]] * step);
    *sum = Add{}(*sum, update[i * s[0]]);
  }
}

}  // namespace

void take(const View& x, const View& indices, int axis, const View& out) {
  const Indexed at = indexed(x, indices, axis, out.shape);
  switch (size_of(x.dtype)) {
    case 1: return take_as<uint8_t>(at, out);
    case 4: return take_as<uint32_t>(at, out);
    default: return take_as<uint64_t>(at, out);
  }
}

void scatter_add(const View& updates, const View& indices, int axis, const View& out) {
  fill_zero(out);
  const Indexed at = indexed(out, indices, axis, updates.shape);
  with_type(out.dtype, [&]<class T>(std::type_identity<T>) {
    const LoopNest<3> nest({updates, at.indices, at.table}, AxisOrder::row_major);
    nest.run([&](std::byte* const* data, const int64_t* s, int64_t count) {
      add_run(reinterpret_cast<const T*>(data[0]), reinterpret_cast<const int64_t*>(data[1]),
              reinterpret_cast<T*>(data[2]), s, at.step, count);
    });
  });
}

void iota(double start, double step, const View& out) {
  with_type(out.dtype, [&]<class T>(std::type_identity<T>) {
    T* elements = out.as<T>();
    const int64_t stride = out.strides[0];
    const T from = static_cast<T>(start), by = static_cast<T>(step);
    parallel_for(out.shape[0], kGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        elements[i * stride] = Add{}(from, Multiply{}(static_cast<T>(i), by));
      }
    });
  });
}

}  // namespace lanewise::kernels::fast
