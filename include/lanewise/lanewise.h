// All of Lanewise: namespace lw = lanewise;
#pragma once

#include "lanewise/analysis.h"
#include "lanewise/array.h"
#include "lanewise/data.h"
#include "lanewise/dtype.h"
#include "lanewise/error.h"
#include "lanewise/file_streams.h"
#include "lanewise/nn.h"
#include "lanewise/ops.h"
#include "lanewise/optim.h"
#include "lanewise/plan_report.h"
#include "lanewise/random.h"
#include "lanewise/runtime.h"
#include "lanewise/shape.h"
#include "lanewise/streams.h"
#include "lanewise/synthetic.h"
#include "lanewise/tabular.h"
