#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/tensor.h"
#include "base/thread_pool.h"
#include "data/encoders.h"
#include "lanewise/error.h"

namespace lanewise {

using nlohmann::json;

struct Preprocessor::Impl {
  std::vector<EncoderPtr> encoders;
  std::vector<std::string> inputs;
  std::vector<Left> left_out;
  std::vector<std::string> missing_texts;
  int64_t width = 0;

  void add(EncoderPtr encoder) {
    inputs.push_back(encoder->column());
    width += encoder->width();
    encoders.push_back(std::move(encoder));
  }
};

namespace {

void check_options(const Table& table, const EncodingOptions& o) {
  if (o.bins < 0 || o.common_values < 0 || o.max_categories < 1)
    throw ValueError("bins and common values must be 0 (off) or more, and categories 1 or more");
  if (o.bin_rows < 1)
    throw ValueError(fmt::format("the rows of a bin are {}, expected 1 or more", o.bin_rows));
  for (const auto& [name, type] : o.types) table.column(name);
  for (const std::string& name : o.drop) table.column(name);
}

std::string_view reason_to_leave_out(const Column& column, ColumnType type) {
  if (type == ColumnType::constant && column.missing > 0) return "no values";
  if (type == ColumnType::constant) return "one value in every row";
  return type == ColumnType::identifier ? "looks like an identifier; declare its type to keep it"
                                        : "";
}

// How a column is encoded, or why it is left out.
struct Fitted {
  EncoderPtr encoder;
  std::string reason;
};

Fitted fit_column(const Table& table, std::size_t at, std::span<const int64_t> rows,
                  const EncodingOptions& options) {
  const Column& column = table.columns[at];
  const auto declared = options.types.find(column.name);
  const ColumnType type = declared != options.types.end() ? declared->second : column.type;
  if (std::find(options.drop.begin(), options.drop.end(), column.name) != options.drop.end())
    return {nullptr, "dropped as told"};
  Fitted fitted{nullptr, std::string(reason_to_leave_out(column, type))};
  if (!fitted.reason.empty()) return fitted;
  if (column.is_text || type == ColumnType::categorical) {
    if (type == ColumnType::numeric)
      throw DataError(fmt::format("{}: column '{}' was declared numeric but holds text",
                                  table.source, column.name),
                      table.source);
    fitted.encoder = fit_categorical(column, rows, options, &fitted.reason);
  } else {
    fitted.encoder = fit_numeric(column, rows, options, &fitted.reason);
  }
  return fitted;
}

}  // namespace

Preprocessor Preprocessor::fit(const Table& table, std::span<const int64_t> rows,
                               const std::string& target, const EncodingOptions& options) {
  check_options(table, options);
  table.check_rows(rows);
  auto impl = std::make_shared<Impl>();
  impl->missing_texts = table.missing_texts;
  std::vector<Fitted> fitted(table.columns.size());
  parallel_for(static_cast<int64_t>(fitted.size()), 1, [&](int64_t begin, int64_t end) {
    for (auto c = static_cast<std::size_t>(begin); c < static_cast<std::size_t>(end); ++c)
      if (table.columns[c].name != target) fitted[c] = fit_column(table, c, rows, options);
  });
  for (std::size_t c = 0; c < fitted.size(); ++c)
    if (fitted[c].encoder) impl->add(std::move(fitted[c].encoder));
    else if (table.columns[c].name != target)
      impl->left_out.push_back({table.columns[c].name, fitted[c].reason});
  if (impl->encoders.empty()) {
    std::string reasons;
    for (const Left& l : impl->left_out)
      reasons += fmt::format("{}'{}' ({})", reasons.empty() ? ": " : ", ", l.column, l.reason);
    throw DataError(fmt::format("{}: no column is left to learn from{}", table.source, reasons),
                    table.source);
  }
  Preprocessor p;
  p.impl_ = std::move(impl);
  return p;
}

int64_t Preprocessor::width() const { return impl_->width; }
const std::vector<std::string>& Preprocessor::inputs() const { return impl_->inputs; }
const std::vector<Preprocessor::Left>& Preprocessor::left_out() const { return impl_->left_out; }

bool Preprocessor::all_numeric() const {
  return std::none_of(impl_->encoders.begin(), impl_->encoders.end(),
                      [](auto& e) { return e->is_text(); });
}

CsvOptions Preprocessor::csv_options() const {
  CsvOptions options;
  if (!impl_->missing_texts.empty()) options.missing = impl_->missing_texts;
  options.known = impl_->inputs;
  for (const EncoderPtr& e : impl_->encoders)
    if (e->is_text()) options.as_text.push_back(e->column());
  return options;
}

namespace {

using Bound = std::vector<std::unique_ptr<BoundEncoder>>;

// Of each encoder.  Errors: DataError where there is none.
std::vector<const Column*> columns_of(const std::vector<EncoderPtr>& encoders, const Table& table) {
  std::unordered_map<std::string_view, const Column*> named;
  for (const Column& c : table.columns) named.emplace(c.name, &c);
  std::vector<const Column*> columns;
  for (const EncoderPtr& e : encoders) {
    const auto found = named.find(e->column());
    columns.push_back(found != named.end() ? found->second : &table.column(e->column()));
  }
  return columns;
}

// value(row, k): of the k-th encoder's column.
template <class Value>
Array features_of(const std::vector<EncoderPtr>& encoders, const Bound& bound, int64_t width,
                  int64_t rows, Value value) {
  const Tensor out = Tensor::empty(DType::float32, {rows, width});
  std::vector<int64_t> widths;
  for (const EncoderPtr& e : encoders) widths.push_back(e->width());
  parallel_for(rows, 256, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float* features = out.as<float>() + row * width;
      for (std::size_t k = 0; k < bound.size(); ++k) {
        bound[k]->write(value(row, k), features);
        features += widths[k];
      }
    }
  });
  return from_tensor(out);
}

}  // namespace

Array Preprocessor::transform(const Table& table, std::span<const int64_t> rows,
                              std::map<std::string, int64_t>* unseen) const {
  table.check_rows(rows);
  const std::vector<const Column*> columns = columns_of(impl_->encoders, table);
  Bound bound;
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const EncoderPtr& e = impl_->encoders[k];
    bound.push_back(e->bind(*columns[k], table, rows));
    if (unseen && bound.back()->unseen > 0) (*unseen)[e->column()] += bound.back()->unseen;
  }
  return features_of(impl_->encoders, bound, width(), static_cast<int64_t>(rows.size()),
                     [&](int64_t row, std::size_t k) {
                       return columns[k]->number_or_code(rows[static_cast<std::size_t>(row)]);
                     });
}

void Preprocessor::check(const Table& table, std::span<const int64_t> rows) const {
  table.check_rows(rows);
  const std::vector<const Column*> columns = columns_of(impl_->encoders, table);
  for (std::size_t k = 0; k < columns.size(); ++k)
    impl_->encoders[k]->bind(*columns[k], table, rows);
}

std::function<Array(std::span<const double>)> Preprocessor::transform_of(Table table) const {
  const auto columns = std::make_shared<const Table>(std::move(table));
  const auto bound = std::make_shared<Bound>();
  std::vector<std::ptrdiff_t> position;
  for (const Column* c : columns_of(impl_->encoders, *columns)) {
    bound->push_back(impl_->encoders[bound->size()]->bind(*c, *columns, {}));
    position.push_back(c - columns->columns.data());
  }
  return [=, impl = impl_](std::span<const double> values) {
    const std::size_t each = columns->columns.size();
    return features_of(impl->encoders, *bound, impl->width,
                       static_cast<int64_t>(values.size() / each), [&](int64_t row, std::size_t k) {
                         return values[static_cast<std::size_t>(row) * each +
                                       static_cast<std::size_t>(position[k])];
                       });
  };
}

Array Preprocessor::transform(const Table& table, std::map<std::string, int64_t>* unseen) const {
  std::vector<int64_t> rows(static_cast<std::size_t>(table.rows));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  return transform(table, rows, unseen);
}

std::string Preprocessor::describe() const {
  std::size_t widest = 0;
  for (const std::string& name : impl_->inputs) widest = std::max(widest, name.size());
  std::string text;
  for (const EncoderPtr& e : impl_->encoders)
    text += fmt::format("{:<{}}  {:>4} {}  {}\n", e->column(), widest, e->width(),
                        e->width() == 1 ? "feature " : "features", e->describe());
  for (const Left& l : impl_->left_out)
    text += fmt::format("{:<{}}  left out: {}\n", l.column, widest, l.reason);
  return text;
}

std::string Preprocessor::to_json() const {
  json columns = json::array(), left = json::array();
  for (const EncoderPtr& e : impl_->encoders) columns.push_back(e->to_json());
  for (const Left& l : impl_->left_out)
    left.push_back({{"column", l.column}, {"reason", l.reason}});
  return json{{"columns", columns}, {"left_out", left}, {"missing", impl_->missing_texts}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
}

EncoderPtr encoder_from_json(const json& j) {
  const std::string kind = j.at("kind");
  if (kind == "numeric") return numeric_from_json(j);
  if (kind == "categorical") return categorical_from_json(j);
  throw DataError(fmt::format(
      "no column encoding is called '{}'; a newer version may have written this", kind));
}

Preprocessor Preprocessor::from_json(const std::string& text) {
  try {
    const json j = json::parse(text);
    auto impl = std::make_shared<Impl>();
    for (const json& column : j.at("columns")) impl->add(encoder_from_json(column));
    impl->missing_texts = j.at("missing").get<std::vector<std::string>>();
    for (const json& l : j.at("left_out"))
      impl->left_out.push_back({l.at("column"), l.at("reason")});
    Preprocessor p;
    p.impl_ = std::move(impl);
    return p;
  } catch (const json::exception& e) {
    throw DataError(fmt::format("the preprocessing can't be read: {}", e.what()));
  }
}

}  // namespace lanewise
