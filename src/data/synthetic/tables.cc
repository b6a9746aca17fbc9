// The columns of users and clicks. The weights are such that the best AUC is near 0.84 and 0.88.
#include <fmt/format.h>

#include "data/synthetic/columns.h"

namespace lanewise::synthetic {
namespace {

using enum Distribution;
using enum Effect;

const ColumnRecipe kUsers[] = {
    // name, distribution, location, scale, missing, effect, weight
    {"age", normal, 41, 13, 0.02f, hump, 0.25f},
    {"tenure_months", log_normal, 2.9f, 0.9f, 0, linear, -0.7f},
    {"sessions_week", log_normal, 1.4f, 0.8f, 0, linear, -0.6f},
    {"sessions_trend", normal, 0, 0.3f, 0.05f, together, -0.35f},
    {"minutes_day", log_normal, 3.1f, 0.7f, 0, bent, -0.4f},
    {"days_since_login", log_normal, 1.1f, 1.1f, 0, linear, 0.6f},
    {"pages_visit", log_normal, 1.6f, 0.5f, 0.01f, none, 0},
    {"searches_week", log_normal, 0.9f, 0.9f, 0.01f, linear, -0.15f},
    {"purchases_year", log_normal, 1.0f, 0.8f, 0, bent, -0.35f},
    {"basket_value", log_normal, 3.7f, 0.6f, 0.08f, none, 0},
    {"spent_total", log_normal, 5.5f, 1.2f, 0, linear, -0.25f},
    {"returns_share", normal, 0.08f, 0.03f, 0.08f, bent, 0.3f},
    {"discount_share", normal, 0.2f, 0.07f, 0.08f, together, 0.3f},
    {"plan_price", log_normal, 2.5f, 0.4f, 0, bent, 0.4f},
    {"plan_yearly", flag, 0.35f, 1, 0, linear, -0.9f},
    {"auto_renewal", flag, 0.6f, 1, 0, linear, -0.5f},
    {"payment_failures", log_normal, -1.2f, 0.9f, 0, bent, 0.35f},
    {"card_expires_days", normal, 500, 280, 0.1f, none, 0},
    {"tickets_year", log_normal, 0.2f, 0.8f, 0, linear, 0.3f},
    {"ticket_hours", log_normal, 2.2f, 1.0f, 0.3f, bent, 0.3f},
    {"complaint", flag, 0.06f, 1, 0, linear, 1.1f},
    {"rating_given", normal, 3.9f, 0.6f, 0.4f, linear, -0.5f},
    {"reviews_written", log_normal, -0.5f, 1.0f, 0, none, 0},
    {"friends_invited", log_normal, -0.8f, 1.0f, 0, linear, -0.2f},
    {"mails_opened_share", normal, 0.3f, 0.12f, 0.03f, linear, -0.3f},
    {"mails_clicked_share", normal, 0.06f, 0.02f, 0.03f, together, -0.25f},
    {"unsubscribed", flag, 0.12f, 1, 0, linear, 0.6f},
    {"push_allowed", flag, 0.45f, 1, 0, linear, -0.3f},
    {"app_installed", flag, 0.55f, 1, 0, none, 0},
    {"app_version_age", log_normal, 4.2f, 0.8f, 0.45f, bent, 0.2f},
    {"crashes_month", log_normal, -1.5f, 1.1f, 0.45f, bent, 0.35f},
    {"load_milliseconds", log_normal, 6.6f, 0.4f, 0.02f, bent, 0.25f},
    {"devices", log_normal, 0.4f, 0.4f, 0, none, 0},
    {"distance_km", log_normal, 3.0f, 1.3f, 0.12f, none, 0},
    {"household_income", log_normal, 10.6f, 0.5f, 0.35f, hump, 0.15f},
    {"household_size", log_normal, 0.8f, 0.45f, 0.35f, none, 0},
    {"children", log_normal, -0.6f, 0.9f, 0.35f, together, 0.2f},
    {"profile_filled_share", normal, 0.7f, 0.15f, 0, linear, -0.2f},
    {"night_share", normal, 0.15f, 0.06f, 0, none, 0},
    {"weekend_share", normal, 0.3f, 0.1f, 0, hump, -0.1f},
    {"video_minutes", log_normal, 2.4f, 1.2f, 0.05f, linear, -0.2f},
    {"audio_minutes", log_normal, 2.0f, 1.3f, 0.05f, together, 0.2f},
    {"favourites", log_normal, 1.2f, 1.0f, 0, linear, -0.25f},
    {"price_rise_share", normal, 0.04f, 0.02f, 0.01f, bent, 0.5f},
    {"rival_visits", log_normal, -0.3f, 1.0f, 0.5f, linear, 0.4f},
    {"temperature", normal, 12, 7, 0, none, 0},
    {"account_flags", flag, 0.001f, 1, 0, linear, 2.0f},
    {"locked_once", flag, 0.004f, 1, 0, linear, 1.0f},
    {"currency_rate", constant, 1, 0, 0, none, 0},
    {"schema_version", constant, 7, 0, 0, none, 0},
};

}  // namespace

Recipe users(const SyntheticOptions& o) {
  return table_of({std::begin(kUsers), std::end(kUsers)}, "churned", -1.6f, o.seed);
}

// Columns of falling weight, of all effects and both signs in turn.
Recipe clicks(const SyntheticOptions& o) {
  constexpr Effect kEffects[] = {linear, bent, linear, together, hump};
  std::vector<ColumnRecipe> columns;
  for (int j = 0; j < 100; ++j) {
    const auto i = static_cast<float>(j);
    const float sign = j % 3 == 1 ? -1.0f : 1.0f;
    const Effect effect = kEffects[j % 5];
    const float weight = sign * (effect == hump ? 0.4f : 0.8f) / (1 + 0.15f * i);
    columns.push_back({fmt::format("f{}", j + 1), j % 4 == 3 ? log_normal : normal,
                       j % 4 == 3 ? 0.02f * i : i, 0.5f + 0.01f * i, 0, effect, weight});
  }
  return table_of(std::move(columns), "clicked", -5.0f, o.seed);
}

}  // namespace lanewise::synthetic
