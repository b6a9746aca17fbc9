#include "cli/interrupt.h"

#include <atomic>
#include <csignal>

namespace lanewise::cli {
namespace {

std::atomic<bool> asked = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set in a signal handler");

void ask(int) { asked = true; }

}  // namespace

void watch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = ask;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);  // the next one is the system's
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return asked; }

}  // namespace lanewise::cli
