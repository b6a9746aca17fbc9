// The table of layers: the name in files, and how a layer is read from one.
#include "nn/layer_file.h"

#include "base/names.h"

namespace lanewise::nn {
namespace {

using nlohmann::json;

// Blocks in blocks beyond this are no network, and reading them would exhaust the stack.
constexpr int kMaxDepth = 64;

Activation activation_of(const json& layer) {
  return activation_from_name(layer.at("activation").get<std::string>());
}

std::vector<EmbeddedColumn> columns_of(const json& layer) {
  std::vector<EmbeddedColumn> columns;
  for (const json& c : layer.at("columns"))
    columns.push_back({c.at("column").get<int64_t>(), c.at("categories").get<int64_t>(),
                       c.at("width").get<int64_t>()});
  return columns;
}

struct Row {
  std::string_view name;
  LayerPtr (*read)(const json& layer);
};

const Row kLayers[] = {
    {"dense", [](const json& l) { return dense(l.at("units").get<int64_t>(), activation_of(l)); }},
    {"activation", [](const json& l) { return activation(activation_of(l)); }},
    {"dropout", [](const json& l) { return dropout(l.at("rate").get<double>()); }},
    {"batch_norm",
     [](const json& l) {
       return batch_norm(l.at("momentum").get<double>(), l.at("epsilon").get<double>());
     }},
    {"layer_norm", [](const json& l) { return layer_norm(l.at("epsilon").get<double>()); }},
    {"residual", [](const json& l) { return residual(read_layers(l)); }},
    {"grouped_dense",
     [](const json& l) {
       return grouped_dense(l.at("groups").get<int64_t>(), l.at("units").get<int64_t>(),
                            activation_of(l));
     }},
    {"embedding", [](const json& l) { return embedding(columns_of(l)); }},
    {"piecewise_linear",
     [](const json& l) {
       return piecewise_linear(l.at("edges").get<std::vector<std::vector<double>>>());
     }},
    {"periodic",
     [](const json& l) {
       return periodic(l.at("frequencies").get<int64_t>(), l.at("sigma").get<double>());
     }},
};

LayerPtr read_layer(const json& layer) {
  return row_named(kLayers, "layer", layer.at("type").get<std::string>()).read(layer);
}

}  // namespace

json parse_layers(const std::string& text) {
  return json::parse(text, [](int depth, json::parse_event_t, json&) {
    if (depth > 2 * kMaxDepth)
      throw DataError(fmt::format("network: layers lie more than {} deep in blocks", kMaxDepth));
    return true;
  });
}

std::vector<LayerPtr> read_layers(const json& holder) {
  std::vector<LayerPtr> layers;
  for (const json& layer : holder.at("layers")) layers.push_back(read_layer(layer));
  return layers;
}

json written(std::span<const LayerPtr> layers) {
  json all = json::array();
  for (const LayerPtr& layer : layers) all.push_back(json::parse(layer->to_json()));
  return all;
}

LayerPtr layer_from_json(const std::string& text) {
  try {
    return read_layer(parse_layers(text));
  } catch (const json::exception& error) {
    throw DataError(fmt::format("layer {}: {}", text, error.what()));
  } catch (const ValueError& error) {
    throw DataError(fmt::format("layer {}: {}", text, error.what()));
  }
}

}  // namespace lanewise::nn
