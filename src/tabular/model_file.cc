// A model is one safetensors file: the weights as tensors by name; everything
// else as JSON in the metadata entry "lanewise". `requires` lists the features
// a reader must know, so that an older reader refuses a newer file by name
// instead of misreading it. Where there are several networks, the names of tensors
// begin with the number of theirs: "3/0.weight". Matrices of bfloat16 numbers are stored as such.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/bfloat16.h"
#include "io/safetensors.h"
#include "tabular/model_impl.h"

namespace lanewise {

using nlohmann::json;

namespace {

constexpr int kFormat = 1;
constexpr std::string_view kEntry = "lanewise";
constexpr std::string_view kEnsemble = "ensemble", kBFloat16 = "bfloat16";
const std::vector<std::string> kFeatures = {"dense", "preprocessing"};  // of every model

bool is_known(const std::string& feature) {
  return feature == kEnsemble || feature == kBFloat16 ||
         std::find(kFeatures.begin(), kFeatures.end(), feature) != kFeatures.end();
}

std::string tensor_name(const std::string& parameter, std::size_t member, std::size_t members) {
  return members == 1 ? parameter : fmt::format("{}/{}", member, parameter);
}

// Whose numbers half the bytes hold.
bool is_bfloat16_matrix(const Array& value) {
  if (value.rank() != 2 || value.dtype() != DType::float32) return false;
  const std::vector<float> numbers = value.to_vector<float>();
  return std::all_of(numbers.begin(), numbers.end(), is_bfloat16);
}

void check_format(const json& j, const std::string& path) {
  for (const std::string feature : j.at("requires"))
    if (!is_known(feature))
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

// Models of earlier versions have none: the loss of the task.
Objective objective_from_json(const json& model, Task task) {
  if (!model.contains("objective")) return {loss_for(task), {}, {}};
  const json& j = model.at("objective");
  return {nn::loss_from_name(j.at("loss").get<std::string>()),
          {j.at("smoothing"), j.at("focus"), j.at("delta"), j.at("quantile")},
          j.at("class_weights")};
}

// A parameter from the file, with the shape that the network needs.
Array value_from(const SafetensorsFile& file, const std::string& name, const Shape& shape,
                 const std::string& path) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end())
    throw DataError(fmt::format("{}: tensor '{}' is missing", path, name), path);
  if (!(found->second.shape == shape))
    throw DataError(fmt::format("{}: tensor '{}' has shape {}, the network needs {}", path, name,
                                to_string(found->second.shape), to_string(shape)),
                    path);
  return from_tensor(found->second);
}

std::vector<std::vector<nn::Parameter>> members_from(const SafetensorsFile& file, std::size_t count,
                                                     const nn::Sequential& network,
                                                     const std::string& path) {
  // Each has tensors of its own, so a count beyond theirs is damage.
  if (count < 1 || count > std::max<std::size_t>(file.tensors.size(), 1))
    throw DataError(fmt::format("{}: {} networks in {} tensors", path, count, file.tensors.size()),
                    path);
  std::vector<std::vector<nn::Parameter>> members(count);
  for (std::size_t k = 0; k < count; ++k)
    for (const nn::ParameterShape& p : network.parameter_shapes())
      members[k].push_back(
          {p.name, value_from(file, tensor_name(p.name, k, count), p.shape, path)});
  return members;
}

}  // namespace

void Model::save(const std::string& path) const {
  json j = json::parse(to_json());
  j["format"] = kFormat;
  j["requires"] = kFeatures;
  const std::size_t count = impl_->members.size();
  if (count > 1) j["requires"].push_back(kEnsemble);
  SafetensorsFile file;
  for (std::size_t k = 0; k < count; ++k)
    for (const nn::Parameter& p : impl_->members[k]) {
      const std::string name = tensor_name(p.name, k, count);
      file.tensors[name] = p.value.tensor();
      if (is_bfloat16_matrix(p.value)) file.bfloat16.insert(name);
    }
  if (!file.bfloat16.empty()) j["requires"].push_back(kBFloat16);
  file.metadata[std::string(kEntry)] = j.dump();
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
    auto members = members_from(file, j.value("members", std::size_t{1}), network, path);
    TargetInfo target = target_from_json(j.at("target"));
    Objective objective = objective_from_json(j, target.task);
    return Model(std::make_shared<Impl>(
        std::move(target), std::move(objective), std::move(preprocessor), std::move(network),
        std::move(members), j.at("metrics").get<std::map<std::string, Metrics>>()));
  } catch (const DataError&) {
    throw;
  } catch (const std::exception& e) {
    throw DataError(fmt::format("{}: the model's description is damaged: {}", path, e.what()),
                    path);
  }
}

}  // namespace lanewise
