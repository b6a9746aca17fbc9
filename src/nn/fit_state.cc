#include "nn/fit_state.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "lanewise/error.h"

namespace lanewise::nn {
namespace {

using nlohmann::json;

// JSON has no NaN, which stands for a loss that nothing judges: it becomes null.
double number_from(const json& j) {
  return j.is_null() ? std::numeric_limits<double>::quiet_NaN() : j.get<double>();
}

json to_json(const EpochReport& r) {
  json members = json::array();
  for (const MemberReport& m : r.members)
    members.push_back({m.member, m.loss, m.validation_loss, m.best});
  return {{"epoch", r.epoch},
          {"epochs", r.epochs},
          {"loss", r.loss},
          {"validation_loss", r.validation_loss},
          {"rows_per_second", r.rows_per_second},
          {"seconds", r.seconds},
          {"best", r.best},
          {"members", members}};
}

EpochReport report_from(const json& j) {
  EpochReport r{j.at("epoch"),
                j.at("epochs"),
                number_from(j.at("loss")),
                number_from(j.at("validation_loss")),
                number_from(j.at("rows_per_second")),
                j.at("seconds"),
                j.at("best"),
                {}};
  for (const json& m : j.at("members"))
    r.members.push_back({m.at(0), number_from(m.at(1)), number_from(m.at(2)), m.at(3)});
  return r;
}

std::string state_name(std::size_t i) { return fmt::format("state/{}", i); }
std::string best_name(std::size_t member, std::size_t i) {
  return fmt::format("best/{}/{}", member, i);
}

// Arrays name(0), name(1), …, as many as there are.
template <class Name>
std::vector<Array> arrays_from(const FitState& state, Name name) {
  std::vector<Array> list;
  for (auto found = state.arrays.find(name(0)); found != state.arrays.end();
       found = state.arrays.find(name(list.size())))
    list.push_back(found->second);
  return list;
}

Standing standing_from_json(const FitState& state) {
  const json j = json::parse(state.progress);
  Standing s;
  s.epoch = j.at("epoch");
  s.epoch_steps = j.at("epoch_steps");
  s.steps = j.at("steps");
  s.sums = j.at("sums").get<std::vector<double>>();
  s.seconds = j.at("seconds");
  s.members = j.at("members").get<std::vector<int>>();
  // Earlier states don't tell: of one ensemble, none failed.
  s.failures = j.value("failures", std::vector<std::string>(1));
  for (const json& r : j.at("history")) s.result.history.push_back(report_from(r));
  for (const json& m : j.at("results"))
    s.result.members.push_back(
        {{}, m.at("best_epoch"), number_from(m.at("best_loss")), m.at("stopped_early")});
  return s;
}

}  // namespace

FitState stored(const Standing& s) {
  FitState out;
  json results = json::array(), history = json::array();
  for (std::size_t k = 0; k < s.result.members.size(); ++k) {
    const EnsembleResult::Member& m = s.result.members[k];
    results.push_back({{"best_epoch", m.best_epoch},
                       {"best_loss", m.best_loss},
                       {"stopped_early", m.stopped_early}});
    for (std::size_t i = 0; i < m.parameters.size(); ++i)
      out.arrays.emplace(best_name(k, i), m.parameters[i]);
  }
  for (const EpochReport& r : s.result.history) history.push_back(to_json(r));
  for (std::size_t i = 0; i < s.state.size(); ++i) out.arrays.emplace(state_name(i), s.state[i]);
  out.arrays.emplace("generator", s.generator.state());
  out.progress =
      json{{"epoch", s.epoch},   {"epoch_steps", s.epoch_steps}, {"steps", s.steps},
           {"sums", s.sums},     {"seconds", s.seconds},         {"members", s.members},
           {"results", results}, {"history", history},           {"failures", s.failures}}
          .dump();
  return out;
}

Standing standing_from(const FitState& state) {
  try {
    Standing s = standing_from_json(state);
    s.state = arrays_from(state, state_name);
    s.generator = Generator::from_state(state.arrays.at("generator"));
    for (std::size_t k = 0; k < s.result.members.size(); ++k)
      s.result.members[k].parameters =
          arrays_from(state, [k](std::size_t i) { return best_name(k, i); });
    return s;
  } catch (const json::exception& error) {
    throw DataError(fmt::format("the state of training is damaged: {}", error.what()));
  } catch (const std::out_of_range&) {
    throw DataError("the state of training is damaged: it holds no generator");
  }
}

}  // namespace lanewise::nn
