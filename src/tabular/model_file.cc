// A model is one safetensors file: the weights as tensors by name; everything
// else as JSON in the metadata entry "lanewise". `requires` lists the features
// a reader must know, so that an older reader refuses a newer file by name
// instead of misreading it.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/safetensors.h"
#include "tabular/model_impl.h"

namespace lanewise {

using nlohmann::json;

namespace {

constexpr int kFormat = 1;
constexpr std::string_view kEntry = "lanewise";
const std::vector<std::string> kKnownFeatures = {"dense", "preprocessing"};

void check_format(const json& j, const std::string& path) {
  for (const std::string feature : j.at("requires"))
    if (std::find(kKnownFeatures.begin(), kKnownFeatures.end(), feature) == kKnownFeatures.end())
      throw DataError(
          fmt::format(
              "{}: the model needs '{}', which this version does not know; a newer Lanewise "
              "can read it",
              path, feature),
          path);
  if (j.at("format").get<int>() > kFormat)
    throw DataError(fmt::format("{}: the model has format {}, this version reads up to {}", path,
                                j.at("format").get<int>(), kFormat),
                    path);
}

TargetInfo target_from_json(const json& j) {
  return {j.at("column"),  task_from_name(j.at("task").get<std::string>()),
          j.at("classes"), j.at("text"),
          j.at("mean"),    j.at("scale")};
}

// The weights that the network needs, from the file, with the shapes that it needs.
std::vector<nn::Parameter> weights_from(const SafetensorsFile& file, const nn::Sequential& network,
                                        const std::string& path) {
  Generator unused;
  std::vector<nn::Parameter> parameters = network.init(unused);
  for (nn::Parameter& p : parameters) {
    const auto found = file.tensors.find(p.name);
    if (found == file.tensors.end())
      throw DataError(fmt::format("{}: tensor '{}' is missing", path, p.name), path);
    if (!(found->second.shape == p.value.shape()))
      throw DataError(
          fmt::format("{}: tensor '{}' has shape {}, the network needs {}", path, p.name,
                      to_string(found->second.shape), to_string(p.value.shape())),
          path);
    p.value = from_tensor(found->second);
  }
  return parameters;
}

}  // namespace

void Model::save(const std::string& path) const {
  json j = json::parse(to_json());
  j["format"] = kFormat;
  j["requires"] = kKnownFeatures;
  SafetensorsFile file;
  file.metadata[std::string(kEntry)] = j.dump();
  for (const nn::Parameter& p : impl_->parameters) file.tensors[p.name] = p.value.tensor();
  write_safetensors(path, file);
}

Model Model::load(const std::string& path) {
  const SafetensorsFile file = read_safetensors(path, Checksum::required);
  const auto entry = file.metadata.find(std::string(kEntry));
  if (entry == file.metadata.end())
    throw DataError(
        fmt::format("{}: no Lanewise model: the metadata has no entry '{}'", path, kEntry), path);
  try {
    const json j = json::parse(entry->second);
    check_format(j, path);
    nn::Sequential network = nn::Sequential::from_json(j.at("architecture").dump());
    Preprocessor preprocessor = Preprocessor::from_json(j.at("preprocessing").dump());
    if (preprocessor.width() != network.inputs())
      throw DataError(fmt::format("{}: {} features for a network with {} inputs", path,
                                  preprocessor.width(), network.inputs()),
                      path);
    std::vector<nn::Parameter> weights = weights_from(file, network, path);
    return Model(std::make_shared<Impl>(target_from_json(j.at("target")), std::move(preprocessor),
                                        std::move(network), std::move(weights),
                                        j.at("metrics").get<std::map<std::string, Metrics>>()));
  } catch (const json::exception& e) {
    throw DataError(fmt::format("{}: the model's description is damaged: {}", path, e.what()),
                    path);
  }
}

}  // namespace lanewise
