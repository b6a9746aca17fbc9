// Tables whose target is drawn by a probability that is known: an additive function of columns.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/synthetic/recipe.h"

namespace lanewise::synthetic {

enum class Distribution : uint8_t {
  normal,      // location + scale·z, z normal
  log_normal,  // exp(location + scale·z)
  flag,        // 1 in a share `location` of the samples, else 0;  z = x - location
  constant,    // location
};

// What a column adds to the logit of the target: a function of z, 0 where the value is missing.
enum class Effect : uint8_t {
  none,
  linear,    // weight · z
  bent,      // weight · max(z, 0)
  hump,      // weight · (z² - 1)
  together,  // weight · z · z of the column before
};

struct ColumnRecipe {
  std::string name;
  Distribution distribution = Distribution::normal;
  float location = 0, scale = 1;
  float missing = 0;  // share
  Effect effect = Effect::none;
  float weight = 0;
};

Recipe table_of(std::vector<ColumnRecipe> columns, const std::string& target, float bias,
                uint64_t seed);

}  // namespace lanewise::synthetic
