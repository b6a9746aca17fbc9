// How training is watched: a bar that redraws in place on a terminal, else a line an epoch.
#pragma once

#include <memory>
#include <string>

#include "cli/output.h"
#include "lanewise/tabular.h"

namespace lanewise::cli {

class Progress {
 public:
  virtual ~Progress() = default;  // leaves the cursor on a fresh line
  virtual void start(const TrainPlan& plan) = 0;
  virtual void fraction(double of_epoch) = 0;
  virtual void epoch(const nn::EpochReport& report) = 0;
  virtual void end() = 0;  // whatever is said next starts on a fresh line
};

// For stderr as it is.
std::unique_ptr<Progress> make_progress(const Output& output, bool quiet);

// Whether stderr is a terminal, where a line may be drawn again.
bool draws_on_terminal();
int terminal_columns();                  // of stderr; 80 where it has none
std::string clock_time(double seconds);  // 0:42, 12:05, 3:07:09

// What the bar shows, in at most `columns` columns.
struct BarState {
  int epoch = 0, epochs = 0;                             // epochs done; all
  double of_epoch = 0;                                   // share of the next one
  double loss = 0, validation = 0, rows_per_second = 0;  // NaN: unknown
  double seconds = 0;                                    // since training began
  int running = 1, members = 1;                          // networks still in training; all
  bool by_fold = false;                                  // what judges them
};
std::string bar_line(const BarState& state, int columns);

}  // namespace lanewise::cli
