// take, scatter_add and iota one element at a time.
#include "kernels/elementwise/operators.h"
#include "kernels/loop_nest.h"
#include "kernels/movement/indexed.h"
#include "kernels/movement/movement.h"

namespace lanewise::kernels::reference {

void take(const View& x, const View& indices, int axis, const View& out) {
  const Indexed at = indexed(x, indices, axis, out.shape);
  with_type(x.dtype, [&]<class T>(std::type_identity<T>) {
    LoopNest<3> nest({at.table, at.indices, out});
    nest.run([&](std::byte* const* data, const int64_t* s, int64_t count) {
      const T* table = reinterpret_cast<const T*>(data[0]);
      const int64_t* index = reinterpret_cast<const int64_t*>(data[1]);
      T* result = reinterpret_cast<T*>(data[2]);
      for (int64_t i = 0; i < count; ++i) {
        result[i * s[2]] = table[i * s[0] + index[i * s[1]] * at.step];
      }
    });
  });
}

void scatter_add(const View& updates, const View& indices, int axis, const View& out) {
  fill_zero(out);
  const Indexed at = indexed(out, indices, axis, updates.shape);
  with_type(out.dtype, [&]<class T>(std::type_identity<T>) {
    LoopNest<3> nest({updates, at.indices, at.table}, AxisOrder::row_major);
    nest.run([&](std::byte* const* data, const int64_t* s, int64_t count) {
      const T* update = reinterpret_cast<const T*>(data[0]);
      const int64_t* index = reinterpret_cast<const int64_t*>(data[1]);
      T* table = reinterpret_cast<T*>(data[2]);
      for (int64_t i = 0; i < count; ++i) {
        T* sum = table + i * s[2] + index[i * s[1]] * at.step;
        *sum = Add{}(*sum, update[i * s[0]]);
      }
    });
  });
}

void iota(double start, double step, int64_t first, const View& out) {
  with_type(out.dtype, [&]<class T>(std::type_identity<T>) {
    for (int64_t i = 0; i < out.size(); ++i) {
      T& element = out.as<T>()[i * out.strides[0]];
      element =
          Add{}(static_cast<T>(start), Multiply{}(static_cast<T>(first + i), static_cast<T>(step)));
    }
  });
}

}  // namespace lanewise::kernels::reference
