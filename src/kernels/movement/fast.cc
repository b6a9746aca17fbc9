// take and scatter_add as loops over (table, index, out), see indexed.h. A run with
// one index copies a row; a run over indices gathers.
#include <algorithm>
#include <cstring>

#include "kernels/elementwise/operators.h"
#include "kernels/loop_nest.h"
#include "kernels/movement/indexed.h"
#include "kernels/movement/movement.h"

namespace lanewise::kernels::fast {
namespace {

constexpr int64_t kGrain = 16 << 10;                                   // elements worth a thread
constexpr int64_t kCacheLine = 64, kFetchAhead = 1024, kShortRow = 8;  // bytes

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

// Whether the elements behind one index lie together, and are more than a few.
bool has_rows(View x) {
  x.shape[0] = 1;
  return x.contiguous() && x.bytes() >= kShortRow;
}

// Rows by number. Those wanted next are fetched meanwhile: each lies anywhere.
void take_rows(const View& x, const View& indices, const View& out) {
  const auto element = static_cast<int64_t>(size_of(x.dtype));
  const int64_t from = x.strides[0] * element, to = out.strides[0] * element;
  const int64_t count = indices.shape[0], bytes = element * x.size() / x.shape[0];
  const int64_t ahead = std::clamp<int64_t>(kFetchAhead / bytes, 1, 16);
  const auto row = [&](int64_t i) {
    return x.data + indices.as<int64_t>()[i * indices.strides[0]] * from;
  };
  parallel_for(count, std::max<int64_t>(1, kGrain * element / bytes),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   if (i + ahead < end) {
                     const std::byte* next = row(i + ahead);
                     for (int64_t at = 0; at < bytes; at += kCacheLine)
                       __builtin_prefetch(next + at);
                     __builtin_prefetch(next + bytes - 1);
                   }
                   std::memcpy(out.data + i * to, row(i), static_cast<std::size_t>(bytes));
                 }
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
  if (out.shape.contains(0)) return;
  if (axis == 0 && indices.rank() == 1 && has_rows(x) && has_rows(out))
    return take_rows(x, indices, out);
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

void iota(double start, double step, int64_t first, const View& out) {
  with_type(out.dtype, [&]<class T>(std::type_identity<T>) {
    T* elements = out.as<T>();
    const int64_t stride = out.strides[0];
    const T from = static_cast<T>(start), by = static_cast<T>(step);
    parallel_for(out.shape[0], kGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        elements[i * stride] = Add{}(from, Multiply{}(static_cast<T>(first + i), by));
      }
    });
  });
}

}  // namespace lanewise::kernels::fast
