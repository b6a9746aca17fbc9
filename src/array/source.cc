#include "lanewise/error.h"
#include "lanewise/streams.h"

namespace lanewise {

void Source::seek(int64_t) {
  throw ValueError("this source can't seek; reset it and pull the samples before");
}

}  // namespace lanewise
