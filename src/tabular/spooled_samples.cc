#include "tabular/spooled_samples.h"

#include <algorithm>
#include <numeric>

namespace lanewise {
namespace {

class SpooledSource : public Source {
 public:
  explicit SpooledSource(const SpooledSamples& samples)
      : samples_(samples), first_(samples.arrays(0, std::min<int64_t>(1, samples.rows()))) {}

  std::vector<Shape> row_shapes() const override {
    std::vector<Shape> shapes;
    for (const Array& a : first_) shapes.emplace_back(a.shape().begin() + 1, a.shape().end());
    return shapes;
  }
  std::vector<DType> dtypes() const override {
    std::vector<DType> all;
    for (const Array& a : first_) all.push_back(a.dtype());
    return all;
  }
  std::optional<int64_t> length() const override { return samples_.rows(); }
  std::vector<Array> pull(int64_t count) override {
    count = std::min(count, samples_.rows() - at_);
    std::vector<Array> run = samples_.arrays(at_, count);
    at_ += count;
    return run;
  }
  void reset() override { at_ = 0; }
  bool seekable() const override { return true; }
  void seek(int64_t sample) override { at_ = sample; }

 private:
  const SpooledSamples& samples_;
  const std::vector<Array> first_;  // sample, whose shapes all have
  int64_t at_ = 0;
};

}  // namespace

Samples SpooledSamples::read(int64_t first, int64_t count) const {
  const std::vector<double> values = rows_.read(first, count);
  Samples samples{encoding_.features(values), targets(values, count), {}};
  if (folds_)
    for (double fold : folds_->read(first, count))
      samples.folds.push_back(static_cast<int64_t>(fold));
  return samples;
}

std::vector<Array> SpooledSamples::arrays(int64_t first, int64_t count) const {
  const Samples s = read(first, count);
  std::vector<int64_t> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), int64_t{0});
  std::vector<Array> arrays = {s.x, target_array(encoding_.target, s.target, all)};
  if (has_weights())
    arrays.push_back(
        nn::weights_of_classes(array(s.target.classes, {count}), encoding_.class_weights));
  if (has_folds()) arrays.push_back(array(s.folds, {count}));
  return arrays;
}

TargetValues SpooledSamples::targets(std::span<const double> values, int64_t count) const {
  const std::vector<Column>& columns = encoding_.columns.columns;
  const Column& target = encoding_.columns.column(encoding_.target.column);
  Table table;
  table.rows = count;
  table.columns.push_back(target);
  for (auto at = static_cast<std::size_t>(&target - columns.data()); at < values.size();
       at += columns.size())
    table.columns[0].append(values[at]);
  return read_target(table, encoding_.target);
}

std::unique_ptr<Source> source_of(const SpooledSamples& samples) {
  return std::make_unique<SpooledSource>(samples);
}

}  // namespace lanewise
