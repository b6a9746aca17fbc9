// What kind of column a column is, from its values.
#pragma once

#include "lanewise/data.h"

namespace lanewise {

ColumnType infer_type(const Column& column);

}  // namespace lanewise
