#include <cmath>
#include <numbers>

#include "base/names.h"
#include "lanewise/optim.h"

namespace lanewise {
namespace {

// `progress` runs from 0 at the end of the warm-up to 1 at the last step.
struct Row {
  ScheduleKind value;
  std::string_view name;
  double (*factor)(double progress);
};

const Row kSchedules[] = {
    {ScheduleKind::constant, "constant", [](double) { return 1.0; }},
    // Source: Loshchilov & Hutter 2017, without restarts.
    {ScheduleKind::cosine, "cosine",
     [](double progress) { return 0.5 * (1 + std::cos(std::numbers::pi * progress)); }},
};

}  // namespace

std::string_view name(ScheduleKind kind) { return row_of(kSchedules, kind).name; }
ScheduleKind schedule_from_name(std::string_view name) {
  return row_named(kSchedules, "schedule", name).value;
}

double learning_rate_at(const OptimizerOptions& options, int64_t step) {
  const auto t = static_cast<double>(step), warmup = static_cast<double>(options.warmup_steps);
  if (t < warmup) return options.learning_rate * t / warmup;
  const double length = static_cast<double>(options.total_steps) - warmup;
  const double progress = length > 0 ? std::min((t - warmup) / length, 1.0) : 0.0;
  return options.learning_rate * row_of(kSchedules, options.schedule).factor(progress);
}

}  // namespace lanewise
