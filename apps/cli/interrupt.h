// Ctrl-C: ends the program, or asks work that watches it to end; then the second one ends it.
#pragma once

#include <functional>

namespace lanewise::cli {

// The shell's exit code for a program that Ctrl-C ended.
inline constexpr int kInterrupted = 130;

// From now on SIGINT and SIGTERM remove temporary files, call `tell` on a thread of their own and
// end the program. To be called before there are other threads.
void end_on_interrupts(std::function<void()> tell);
// From now on the first of them only sets a flag.
void watch_interrupts();
bool interrupted();

// A run ends with one result, or with word of an interrupt. Returns to the first thread that asks
// for that; any other one waits here for the end of the program.
void take_last_word();

// Thrown where work stops on being asked; main() tells it.
struct Interrupted {};

}  // namespace lanewise::cli
