// Ctrl-C: the first one asks, the second one kills.
#pragma once

namespace lanewise::cli {

// The shell's exit code for a program that Ctrl-C ended.
inline constexpr int kInterrupted = 130;

// From now on the first SIGINT or SIGTERM only sets a flag.
void watch_interrupts();
bool interrupted();

// Thrown where work stops on being asked; main() tells it.
struct Interrupted {};

}  // namespace lanewise::cli
