// A workload: inputs made once, then a run that is timed as often as wished.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace lanewise::bench {

struct Setting {
  int64_t m = 1'000'000;                       // samples; elements; rows and columns of a product
  std::vector<int64_t> layers = {100, 64, 1};  // of forward, training and normalised
};

class Workload {
 public:
  virtual ~Workload() = default;
  virtual double flops() const = 0;  // of the products of a run; 0 where there are none
  virtual double bytes() const = 0;  // inputs read once, results written once
  virtual void run() = 0;
  virtual double value() const = 0;  // of the last run: a loss, or a mean of results
};

struct WorkloadRow {
  const char* name;
  const char* summary;
  std::unique_ptr<Workload> (*make)(const Setting&);
};
std::span<const WorkloadRow> workloads();

}  // namespace lanewise::bench
