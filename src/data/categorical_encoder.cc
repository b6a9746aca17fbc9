// Categories: one feature each. A missing value is a category of its own where
// training had some; what training never saw, and rare values of a column with
// too many, are all zeros.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "data/encoders.h"

namespace lanewise {
namespace {

using nlohmann::json;

void write_one_hot(int32_t position, int64_t width, float* features) {
  std::fill(features, features + width, 0.f);
  if (position >= 0) features[position] = 1;
}

class BoundCategorical : public BoundEncoder {
 public:
  BoundCategorical(std::vector<int32_t> position_of_code, int32_t missing, int64_t width)
      : position_of_code_(std::move(position_of_code)), missing_(missing), width_(width) {}

  void write(double code, float* features) const override {
    write_one_hot(std::isnan(code) ? missing_ : position_of_code_[static_cast<std::size_t>(code)],
                  width_, features);
  }

 private:
  std::vector<int32_t> position_of_code_;
  int32_t missing_;
  int64_t width_;
};

// A numeric column read as text, where training had text.
class BoundNumbersAsText : public BoundEncoder {
 public:
  BoundNumbersAsText(const std::unordered_map<std::string, int32_t>& position, int32_t missing,
                     int64_t width)
      : position_(position), missing_(missing), width_(width) {}

  void write(double number, float* features) const override {
    write_one_hot(std::isnan(number) ? missing_ : position_of(number), width_, features);
  }

 private:
  int32_t position_of(double number) const {
    const auto found = position_.find(fmt::format("{}", number));
    return found == position_.end() ? -1 : found->second;
  }
  const std::unordered_map<std::string, int32_t>& position_;
  int32_t missing_;
  int64_t width_;
};

class CategoricalEncoder : public Encoder {
 public:
  CategoricalEncoder(std::string column, std::vector<std::string> categories, bool has_missing,
                     int64_t dropped)
      : Encoder(std::move(column)),
        categories_(std::move(categories)),
        has_missing_(has_missing),
        dropped_(dropped) {
    for (std::size_t i = 0; i < categories_.size(); ++i)
      position_[categories_[i]] = static_cast<int32_t>(i);
  }
  int64_t width() const override {
    return static_cast<int64_t>(categories_.size()) + (has_missing_ ? 1 : 0);
  }
  bool is_text() const override { return true; }

  std::unique_ptr<BoundEncoder> bind(const Column& c, const Table& /*table*/,
                                     std::span<const int64_t> rows) const override {
    const int32_t missing = has_missing_ ? static_cast<int32_t>(categories_.size()) : -1;
    int64_t unseen = 0;
    std::unique_ptr<BoundEncoder> bound;
    if (c.is_text) {
      std::vector<int32_t> positions;
      for (const std::string& word : c.dictionary) {
        const auto found = position_.find(word);
        positions.push_back(found == position_.end() ? -1 : found->second);
      }
      for (int64_t row : rows) {
        const int32_t code = c.codes[static_cast<std::size_t>(row)];
        unseen += code >= 0 && positions[static_cast<std::size_t>(code)] < 0;
      }
      bound = std::make_unique<BoundCategorical>(std::move(positions), missing, width());
    } else {
      for (int64_t row : rows) {
        const std::string text = c.text(row);
        unseen += !text.empty() && !position_.contains(text);
      }
      bound = std::make_unique<BoundNumbersAsText>(position_, missing, width());
    }
    // Values that were too rare in training are not new.
    bound->unseen = dropped_ > 0 ? 0 : unseen;
    return bound;
  }

  std::string describe() const override {
    return fmt::format("categorical: {} values{}{}", categories_.size(),
                       has_missing_ ? " and missing" : "",
                       dropped_ ? fmt::format(", {} rarer ones as none", dropped_) : "");
  }
  json to_json() const override {
    return {{"kind", "categorical"},
            {"column", column()},
            {"categories", categories_},
            {"has_missing", has_missing_},
            {"dropped", dropped_}};
  }

 private:
  std::vector<std::string> categories_;
  std::unordered_map<std::string, int32_t> position_;
  bool has_missing_;
  int64_t dropped_;
};

// How many rows have no text; into `counts` the others': their number, negated, and the text.
int64_t count_texts(const Column& column, std::span<const int64_t> rows,
                    std::vector<std::pair<int64_t, std::string>>* counts) {
  int64_t missing = 0;
  if (!column.is_text) {
    std::unordered_map<std::string, int64_t> of_text;
    for (int64_t row : rows) ++of_text[column.text(row)];
    missing = of_text[""];
    of_text.erase("");
    for (const auto& [text, count] : of_text) counts->emplace_back(-count, text);
    return missing;
  }
  std::vector<int64_t> of_code(column.dictionary.size());
  for (int64_t row : rows) {
    const int32_t code = column.codes[static_cast<std::size_t>(row)];
    ++(code < 0 ? missing : of_code[static_cast<std::size_t>(code)]);
  }
  for (std::size_t code = 0; code < of_code.size(); ++code)
    if (column.dictionary[code].empty()) missing += of_code[code];
    else if (of_code[code] > 0) counts->emplace_back(-of_code[code], column.dictionary[code]);
  return missing;
}

}  // namespace

EncoderPtr fit_categorical(const Column& column, std::span<const int64_t> rows,
                           const EncodingOptions& options, std::string* reason) {
  std::vector<std::pair<int64_t, std::string>> ranked;
  const int64_t missing = count_texts(column, rows, &ranked);
  if (ranked.empty()) return *reason = "every value is missing", nullptr;
  if (ranked.size() == 1 && missing == 0)
    return *reason = "one value in every training row", nullptr;
  std::sort(ranked.begin(), ranked.end());
  const std::size_t kept =
      std::min(ranked.size(), static_cast<std::size_t>(options.max_categories));
  std::vector<std::string> categories;
  for (std::size_t i = 0; i < kept; ++i) categories.push_back(ranked[i].second);
  std::sort(categories.begin(), categories.end());
  return std::make_shared<CategoricalEncoder>(column.name, std::move(categories), missing > 0,
                                              static_cast<int64_t>(ranked.size() - kept));
}

EncoderPtr categorical_from_json(const json& j) {
  return std::make_shared<CategoricalEncoder>(
      j.at("column").get<std::string>(), j.at("categories").get<std::vector<std::string>>(),
      j.at("has_missing").get<bool>(), j.at("dropped").get<int64_t>());
}

}  // namespace lanewise
