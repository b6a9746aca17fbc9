// Conversion one element at a time.
#include "kernels/cast/cast.h"
#include "kernels/cast/convert.h"
#include "kernels/loop_nest.h"

namespace lanewise::kernels::reference {
namespace {

template <class From, class To>
void convert_loop(std::byte* const* data, const int64_t* s, int64_t count) {
  const From* x = reinterpret_cast<const From*>(data[0]);
  To* out = reinterpret_cast<To*>(data[1]);
  for (int64_t i = 0; i < count; ++i) out[i * s[1]] = convert<To>(x[i * s[0]]);
}

}  // namespace

void cast(const View& x, const View& out) {
  with_type(x.dtype, [&]<class From>(std::type_identity<From>) {
    with_type(out.dtype, [&]<class To>(std::type_identity<To>) {
      LoopNest<2>({x, out}).run(convert_loop<From, To>);
    });
  });
}

}  // namespace lanewise::kernels::reference
