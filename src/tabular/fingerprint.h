// What a run of training follows from: the same fingerprint, the same bits.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "lanewise/tabular.h"

namespace lanewise {

// An object of options, by the names of their flags, and the checksum of the data.
nlohmann::json fingerprint(const TrainOptions& options, const TrainPlan& plan, uint32_t data);

// Goes on from `crc`; 0: nothing came before.
uint32_t checksum(uint32_t crc, const nn::FitData& data);

// "lr is 0.01, not 0.001; the data differ", as seen from `now`; empty: nothing differs.
std::string differences(const nlohmann::json& now, const nlohmann::json& then);

}  // namespace lanewise
