// The two tables of kernels.
#include "kernels/cast/cast.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/isa.h"
#include "kernels/kernels.h"
#include "kernels/loop_nest.h"
#include "kernels/matmul/matmul.h"
#include "kernels/movement/movement.h"
#include "kernels/random/random.h"
#include "kernels/reduce/reduce.h"

namespace lanewise::kernels {

const Family& reference_family() {
  using namespace reference;
  static constexpr Family kFamily{unary,  binary, where,       cast, reduce,
                                  matmul, take,   scatter_add, iota, uniform};
  return kFamily;
}

const Family& fast_family() {
  using namespace fast;
  static constexpr Family kFamily{unary,  binary, where,       cast, reduce,
                                  matmul, take,   scatter_add, iota, uniform};
  choose_isa();
  return kFamily;
}

void fill_zero(const View& out) {
  with_type(out.dtype, [&]<class T>(std::type_identity<T>) {
    LoopNest<1>({out}).run([](std::byte* const* data, const int64_t* s, int64_t count) {
      T* x = reinterpret_cast<T*>(data[0]);
      if (s[0] == 1) std::fill_n(x, count, T{});
      else
        for (int64_t i = 0; i < count; ++i) x[i * s[0]] = T{};
    });
  });
}

}  // namespace lanewise::kernels
