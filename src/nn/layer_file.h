// Layers as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "lanewise/layers.h"

namespace lanewise::nn {

// Errors: nlohmann's for broken text; DataError for layers nested too deep to be read.
nlohmann::json parse_layers(const std::string& text);
// The array under "layers".
std::vector<LayerPtr> read_layers(const nlohmann::json& holder);
nlohmann::json written(std::span<const LayerPtr> layers);

}  // namespace lanewise::nn
