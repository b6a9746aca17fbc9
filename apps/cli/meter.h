// How a pass over samples is watched: its share, its speed and the time that it will take, on a
// terminal; and Ctrl-C between two runs of samples, where it is watched.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "lanewise/streams.h"

namespace lanewise::cli {

class Meter {
 public:
  ~Meter();
  // Of a pass over `samples` of `row_bytes` each.
  void start(std::string what, int64_t samples, int64_t row_bytes);
  void add(int64_t samples);
  void clear();  // the line, which is drawn on a terminal only

  double bytes() const { return bytes_; }  // of all passes
  double seconds() const;                  // since the first one began

 private:
  using Clock = std::chrono::steady_clock;
  void draw();

  std::string what_;
  int64_t samples_ = 0, row_bytes_ = 0, done_ = 0;
  double bytes_ = 0;
  const Clock::time_point begun_ = Clock::now();
  Clock::time_point pass_ = begun_, drawn_ = begun_;
  bool shown_ = false;
};

// What the meter shows, in at most `columns` columns.
std::string meter_line(const std::string& what, double share, double bytes, double seconds,
                       int columns);

int64_t row_bytes(const Source& source);

// `source`, whose passes the meter follows as `what`; a pull throws Interrupted after a watched
// Ctrl-C.
std::unique_ptr<Source> metered(Source& source, Meter& meter, std::string what);

}  // namespace lanewise::cli
