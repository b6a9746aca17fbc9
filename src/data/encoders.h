// How one column becomes features. An encoder is fitted on training rows, then
// writes its `width` features of any row.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "lanewise/data.h"

namespace lanewise {

// An encoder bound to a column of a table: text looked up once, not once a row.
class BoundEncoder {
 public:
  virtual ~BoundEncoder() = default;
  // value: of the column, as Column::number_or_code gives it.
  virtual void write(double value, float* features) const = 0;
  int64_t unseen = 0;  // values of the column that training never saw
};

class Encoder {
 public:
  explicit Encoder(std::string column) : column_(std::move(column)) {}
  virtual ~Encoder() = default;
  const std::string& column() const { return column_; }
  virtual int64_t width() const = 0;
  virtual bool is_text() const = 0;
  // To its column of a table.  Errors: DataError where that one's kind is not what was learnt.
  virtual std::unique_ptr<BoundEncoder> bind(const Column& column, const Table& table,
                                             std::span<const int64_t> rows) const = 0;
  virtual std::string describe() const = 0;
  virtual nlohmann::json to_json() const = 0;

 private:
  std::string column_;
};
using EncoderPtr = std::shared_ptr<const Encoder>;

// Fitted on `rows` of `column`; null where it carries nothing, with the reason.
EncoderPtr fit_numeric(const Column& column, std::span<const int64_t> rows,
                       const EncodingOptions& options, std::string* reason);
EncoderPtr fit_categorical(const Column& column, std::span<const int64_t> rows,
                           const EncodingOptions& options, std::string* reason);

// Errors: DataError for an unknown kind.
EncoderPtr encoder_from_json(const nlohmann::json& j);
EncoderPtr numeric_from_json(const nlohmann::json& j);
EncoderPtr categorical_from_json(const nlohmann::json& j);

// Edges of at most `bins` bins for sorted values: a value that holds at least its
// share of the rows gets an edge of its own, again and again; what remains is
// cut into equal shares. Edges are values of the data.
std::vector<double> greedy_edges(std::span<const double> sorted, int bins);

}  // namespace lanewise
