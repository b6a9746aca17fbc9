#include "cli/interrupt.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "io/atomic_file.h"

namespace lanewise::cli {
namespace {

std::atomic<bool> watched = false, asked = false;

// Unlike a signal handler it may do anything.
void wait(const sigset_t& signals, const std::function<void()>& tell) {
  int signal = 0;
  do sigwait(&signals, &signal);
  while (watched && !asked.exchange(true));
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);  // another one ends even what hangs below
  remove_temporary_files();
  try {
    tell();
  } catch (...) {  // nobody reads it
  }
  std::_Exit(kInterrupted);
}

}  // namespace

void end_on_interrupts(std::function<void()> tell) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM}) {
    sigaddset(&signals, number);
    std::signal(number, SIG_DFL);  // a script's background jobs ignore them, and none would come
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // of this thread and all that it starts
  std::thread(wait, signals, std::move(tell)).detach();
}

void watch_interrupts() { watched = true; }

bool interrupted() { return asked; }

}  // namespace lanewise::cli
